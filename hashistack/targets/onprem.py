"""Machines of one's own: from hosts that answer SSH to a cluster that takes jobs.

    credentials   keys, certificates and tokens are made or renewed in the operator's folder
    look          every host says over SSH what it is; all that is in the way is shown together
    lock          one operator at a time
    part          members that leave are drained; members whose machine is a new one are forgotten
    apply         Terraform installs the agents on all hosts and starts them, servers one after another
    forget        what remains of members that have left
    bootstrap     ACLs, tokens and policies are made, and each host is handed its own

and back, for `down`: the jobs are removed as on every target, then Terraform clears the hosts.
"""

from __future__ import annotations

import getpass
import socket
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from hashistack.backends import hosts as ssh
from hashistack.backends import terraform
from hashistack.backends.cluster import Cluster, open_secured
from hashistack.backends.credentials import CredentialsFolder, credentials_folder
from hashistack.backends.membership import Membership
from hashistack.backends.nomad import Nomad
from hashistack.backends.state import read_json, remove_folder
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import Access, terraform_variables
from hashistack.credentials.values import Credentials
from hashistack.diagnostics import BackendError, ConflictError, HashistackError
from hashistack.messages import hosts as messages
from hashistack.model import Stack
from hashistack.plan import hosts as plan
from hashistack.plan import names
from hashistack.plan.actual import Json
from hashistack.plan.hosts import Departures, HostFacts
from hashistack.plan.progress import CredentialsMade, Waiting, Warned
from hashistack.plan.sensitive import Sensitive
from hashistack.targets import Site

_HANDOVER_SECONDS = 120.0  # an agent restarts and registers
_CLEARING_SECONDS = 300.0  # packages are removed
_END_SECONDS = 60.0  # twice the kill_timeout of the app's tasks
_TICK = 0.5


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


@contextmanager
def raised(site: Site) -> Iterator[Cluster]:
    """Bring the hosts up as one cluster, and hold its lock while the block runs."""
    ground = survey(site)
    facts = look(ground)
    with ssh.locked(ground.servers, owner()):
        credentials = complete_credentials(ground, facts)
        parting = part(ground, facts, credentials)
        apply(ground, facts)
        cluster = connect_to(ground, credentials)
        forget(cluster, parting)
        bootstrap(ground, credentials, cluster, plan.without_tokens(facts))
        yield cluster


@contextmanager
def held(site: Site) -> Iterator[Cluster]:
    """Open the cluster as it is, and hold its lock while the block runs."""
    ground = survey(site)
    cluster = connect(site.stack, site.environ)
    with ssh.locked(ground.servers, owner()):
        yield cluster


def connect(stack: Stack, environ: Mapping[str, str]) -> Cluster:
    """Open the cluster of a stack with the operator's credentials; raise where this machine has none."""
    folder = credentials_folder(environ, stack)
    found = folder.read()
    if found.authority is None or found.secrets is None:
        name = stack.environment.name
        raise BackendError(messages.no_credentials(stack.app, name, str(folder.path)))
    return open_secured(stack, folder, found.secrets)


def cleared(site: Site, *, purge: bool) -> bool:
    """Take the cluster off its hosts, with its data if `purge`; tell whether every host was cleared."""
    ground = survey(site)
    facts = ssh.gather(ground.ways)
    with ssh.locked(ground.servers, owner()):
        stop_jobs(ground)
        stop_agents(ground, facts, purge=purge)
        terraform.destroy(site.terraform, ground.folder.variables, site.report)
        left = clear_rest(ground)
    if purge and not left:
        remove_folder(ground.folder.path)
    return not left


def stop_jobs(ground: Ground) -> None:
    """Let the processes end in order; Nomad remembers the jobs, so that data that stays keeps its passwords."""
    try:
        nomad = connect(ground.stack, ground.site.environ).nomad
        ours = [stub["ID"] for stub in nomad.jobs() if _runs_for(stub, ground.stack.app)]
        for job in ours:
            ground.site.report(Waiting(f"{job} to end"))
            nomad.stop(job)
        _await_end(nomad, ours)
    except BackendError as error:
        ground.site.report(Warned(messages.cluster_silent(str(error))))


def stop_agents(ground: Ground, facts: Sequence[HostFacts], *, purge: bool) -> None:
    """Stop all agents at once: servers that left one after another would shrink the cluster that `up` brings back."""
    ours = {each.name for each in facts if each.cluster == ground.cluster_name}
    mark = " && touch /etc/hashistack/purge" if purge else ""
    ssh.everywhere(
        [way for way in ground.ways if way.name in ours],
        lambda way: way.as_root(f"sh -c 'systemctl stop nomad consul{mark}'"),
    )


def clear_rest(ground: Ground) -> tuple[str, ...]:
    """Clear the hosts that Terraform knows nothing of, or could not reach; return those that are left."""
    left = []
    for way, facts in zip(ground.ways, ssh.gather(ground.ways), strict=True):
        problem = _clear(ground, way) if facts.cluster == ground.cluster_name else facts.detail
        if problem:
            ground.site.report(Warned(messages.left_behind(way.name, problem)))
            left.append(way.name)
    return tuple(left)


def _clear(ground: Ground, way: ssh.Remote) -> str:
    """Clear one host; return what went wrong, "" if nothing."""
    ground.site.report(Waiting(f"{way.name} to be cleared"))
    result = way.script("remove", timeout=_CLEARING_SECONDS)
    return result.last_words if result.code else ""


def survey(site: Site) -> Ground:
    """Find out how to get to the hosts; nothing is asked yet."""
    environment, folder = site.stack.environment, credentials_folder(site.environ, site.stack)
    assert environment.ssh is not None  # noqa: S101 - the descriptor's checker fills it in for this target
    key = environment.ssh.key
    way = replace(environment.ssh, key=str(site.home / Path(key).expanduser()) if key else None)
    return Ground(site, folder, ssh.remotes(environment.hosts, way, folder.known_hosts))


def look(ground: Ground) -> tuple[HostFacts, ...]:
    """Ask every host what it is; raise with all that is in the way."""
    ground.folder.write_known_hosts(plan.known_hosts(ground.stack.environment))
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
    bastion = way.bastion
    return Access(
        host_keys=plan.host_keys(environment.hosts, facts, known_keys(ground)),
        ssh_key_file=way.key,
        bastion_host_keys=ssh.recorded_keys(bastion.address, bastion.port, ground.folder.known_hosts)
        if bastion
        else None,
        binaries=str(ground.site.home / "binaries") if software and software.source == "push" else None,
        architectures={each.name: each.architecture for each in facts if each.architecture},
        adopt=ground.site.adopt,
    )


def part(ground: Ground, facts: tuple[HostFacts, ...], credentials: Credentials) -> Departures:
    """Drain the members that leave and forget those whose machine is a new one; a new cluster has neither."""
    if not any(each.cluster for each in facts):
        return Departures((), ())
    try:
        cluster = open_secured(ground.stack, ground.folder, credentials.secrets)
        membership = Membership(cluster.consul.endpoint, cluster.nomad.endpoint)
        members = membership.members()
    except (
        BackendError
    ):  # nobody can be asked: expired certificates, no quorum; what follows mends or names it
        return Departures((), ())
    parting = plan.departures(ground.stack.environment.hosts, facts, members)
    if risks := plan.risk(parting, members):
        raise HashistackError(*risks)
    for member in parting.leaving:
        if member.alive:
            ground.site.report(Waiting(f"the instances on {member.name} to move elsewhere"))
            membership.drain(member.name)
    for member in parting.replaced:
        membership.forget(member.name)
    return parting


def apply(ground: Ground, facts: tuple[HostFacts, ...]) -> None:
    """Let Terraform do what has to be done on the hosts; a machine without our mark is done anew."""
    again = [f"terraform_data.{part}_{name}" for name in plan.empty(facts) for part in ("install", "agent")]
    terraform.apply(ground.site.terraform, ground.folder.variables, ground.site.report, replace=again)


def connect_to(ground: Ground, credentials: Credentials) -> Cluster:
    """Open the cluster that Terraform has started."""
    return open_secured(ground.stack, ground.folder, credentials.secrets)


def forget(cluster: Cluster, parting: Departures) -> None:
    """Remove what remains of members that have left; those that left in order are forgotten already."""
    membership = Membership(cluster.consul.endpoint, cluster.nomad.endpoint)
    for member in parting.leaving:
        membership.forget(member.name)


def bootstrap(ground: Ground, credentials: Credentials, cluster: Cluster, lacking: Collection[str]) -> None:
    """Make ACLs, tokens and policies, and hand each host its own; what is there already stays.

    `lacking` are the hosts that have none, whatever the cluster remembers of having given them.
    """
    from hashistack.backends import bootstrap as acl

    def handover(host: str, values: Mapping[str, Sensitive]) -> None:
        text = "".join(f"{name}='{value.reveal()}'\n" for name, value in values.items())
        result = ground.way(host).script("receive", text, timeout=_HANDOVER_SECONDS)
        if result.code:
            raise BackendError(messages.lost_during(host, "taking its tokens", result.last_words))

    acl.bootstrap(
        ground.stack, credentials, cluster.nomad, cluster.consul, ground.site.report, handover, lacking
    )


def _runs_for(stub: Json, app: str) -> bool:
    owner = (stub.get("Meta") or {}).get(names.OWNER)
    return owner in (app, names.INGRESS) and not stub.get("Stop")


def _await_end(nomad: Nomad, jobs: Sequence[str]) -> None:
    end = time.monotonic() + _END_SECONDS
    while time.monotonic() < end:
        if not any(each["ClientStatus"] == "running" for job in jobs for each in nomad.allocations(job)):
            return
        time.sleep(_TICK)


def known_keys(ground: Ground) -> dict[str, list[str]]:
    """Return the keys by which Terraform recognised the hosts the last time."""
    saved = read_json(ground.folder.variables) or {}
    return dict(saved.get("host_keys") or {})


def owner() -> str:
    """Name who works here, for whom finds the lock held."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
