"""What every step on machines of one's own starts from: the hosts, the ways to them, the operator's folder."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from hashistack.backends import hosts as ssh
from hashistack.backends.credentials import CredentialsFolder, credentials_folder
from hashistack.backends.state import read_json
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import Access, terraform_variables
from hashistack.credentials.values import Credentials
from hashistack.diagnostics import BackendError, ConflictError, UsageProblem
from hashistack.messages import hosts as messages
from hashistack.model import Stack
from hashistack.plan import hosts as plan
from hashistack.plan.hosts import HostFacts
from hashistack.plan.progress import CredentialsMade, Waiting, Warned
from hashistack.targets import Site


@dataclass(frozen=True, slots=True)
class Ground:
    """A site's hosts, the ways to them, and the operator's folder."""

    site: Site
    folder: CredentialsFolder
    ways: tuple[ssh.Remote, ...]

    @property
    def stack(self) -> Stack:
        """The stack that is to run here."""
        return self.site.stack

    @property
    def cluster_name(self) -> str:
        """What the hosts call their cluster."""
        return f"{self.stack.app}-{self.stack.environment.name}"

    @property
    def servers(self) -> tuple[ssh.Remote, ...]:
        """The ways to the hosts that decide."""
        return tuple(way for way in self.ways if "server" in way.host.roles)

    def way(self, name: str) -> ssh.Remote:
        """Return the way to one host."""
        return next(way for way in self.ways if way.name == name)


def survey(site: Site) -> Ground:
    """Find out how to get to the hosts; nothing is asked yet."""
    environment, folder = site.stack.environment, credentials_folder(site.environ, site.stack)
    assert environment.ssh is not None  # noqa: S101 - the descriptor's checker fills it in for this target
    key = environment.ssh.key
    way = replace(environment.ssh, key=str(site.home / Path(key).expanduser()) if key else None)
    folder.write_known_hosts(plan.known_hosts(environment))
    return Ground(site, folder, ssh.remotes(environment.hosts, way, folder.known_hosts))


def look(ground: Ground) -> tuple[HostFacts, ...]:
    """Ask every host what it is; raise with all that is in the way."""
    ground.site.report(Waiting(f"{len(ground.ways)} hosts to answer"))
    facts = ssh.gather(ground.ways)
    environment = ground.stack.environment
    seen = frozenset(known_keys(ground))
    found = plan.obstacles(environment.hosts, facts, ground.ways[0].ssh, ground.cluster_name, seen)
    errors = [each for each in found if each.severity == "error"]
    if errors:
        raise BackendError(*errors)
    for warning in found:
        ground.site.report(Warned(warning))
    return facts


@contextmanager
def locked(ground: Ground) -> Iterator[None]:
    """Keep other operators out while the block runs."""
    with ssh.locked(ground.servers, owner()):
        yield


def complete_credentials(ground: Ground, facts: tuple[HostFacts, ...]) -> Credentials:
    """Make or renew what is needed and write it, with what Terraform is handed, to the operator's folder.

    Raises where the hosts are a cluster already and this machine has no credentials of it: new ones would lock its
    owner out.
    """
    found = ground.folder.read()
    members = [each.name for each in facts if each.cluster]
    if members and found.secrets is None and found.rescued is None:
        raise ConflictError(messages.made_elsewhere(members, ground.cluster_name, str(ground.folder.path)))
    done = complete(found, ground.stack, datetime.now(UTC))
    ground.folder.write(done.credentials, done.dropped)
    ground.folder.write_variables(terraform_variables(ground.stack, done.credentials, access(ground, facts)))
    if done.changed:
        ground.site.report(CredentialsMade(done.made, done.renewed, str(ground.folder.path)))
    for warning in done.warnings:
        ground.site.report(Warned(warning))
    return done.credentials


def access(ground: Ground, facts: tuple[HostFacts, ...]) -> Access:
    """Say how Terraform gets to the hosts and recognises them."""
    environment = ground.stack.environment
    way, software = ground.ways[0].ssh, environment.software
    return Access(
        host_keys=plan.host_keys(environment.hosts, facts, known_keys(ground)),
        ssh_key_file=way.key,
        bastion_host_keys=ssh.bastion_keys(way, ground.folder.known_hosts),
        binaries=str(_binaries(ground)) if software and software.source == "push" else None,
        architectures={each.name: each.architecture for each in facts if each.architecture},
        adopt=ground.site.adopt,
    )


def check_uploads(ground: Ground, facts: Sequence[HostFacts]) -> None:
    """Raise where a zip that has to be pushed to these hosts is not there, before anything is done to them."""
    software, folder = ground.stack.environment.software, _binaries(ground)
    wanted = plan.uploads(software, facts) if software else ()
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise UsageProblem(messages.nothing_to_push(missing, str(folder)))


def _binaries(ground: Ground) -> Path:
    return ground.site.home / "binaries"


def known_keys(ground: Ground) -> dict[str, list[str]]:
    """Return the keys by which Terraform recognised the hosts the last time."""
    saved = read_json(ground.folder.variables) or {}
    return dict(saved.get("host_keys") or {})


def owner() -> str:
    """Name who works here, for whom finds the lock held."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
