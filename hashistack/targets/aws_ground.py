"""What every step in AWS starts from: the account, the environment's parameters, the operator's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from hashistack.backends.aws import Aws
from hashistack.backends.aws_instances import Instances
from hashistack.backends.aws_lock import locked as lock
from hashistack.backends.aws_look import obstacles, other_account
from hashistack.backends.aws_mirror import Mirror
from hashistack.backends.aws_store import Store
from hashistack.backends.credentials import CredentialsFolder, credentials_folder
from hashistack.compile.aws.names import prefix
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import secrets_env
from hashistack.credentials.values import Credentials
from hashistack.diagnostics import BackendError, ConflictError, Diagnostic
from hashistack.messages import aws as messages
from hashistack.messages import hosts as host_messages
from hashistack.model import Host, Stack
from hashistack.plan.aws_errors import explain_all
from hashistack.plan.progress import CredentialsMade, Event, Kept, Waiting, Warned
from hashistack.plan.terraform import Fault
from hashistack.targets.ground import owner

# Machines come and go, so what a host has on machines of one's own is a role's here: all machines of it share one.
ROLES = (
    Host("server", "127.0.0.1", ("server",), None, "default", None, ()),
    Host("client", "127.0.0.1", ("client", "ingress"), None, "default", None, ()),
)


@dataclass(frozen=True, slots=True)
class Ground:
    """An environment in AWS; `stack` has the two roles in the place of hosts."""

    stack: Stack
    environ: Mapping[str, str]
    report: Callable[[Event], None]
    folder: CredentialsFolder
    aws: Aws
    prefix: str

    @property
    def store(self) -> Store:
        """The parameters below /<prefix>/."""
        return Store(self.aws, self.prefix)

    @property
    def mirror(self) -> Mirror:
        """The operator's folder, here and in AWS."""
        return Mirror(self.folder, self.store)

    @property
    def instances(self) -> Instances:
        """The machines."""
        return Instances(self.aws, self.prefix)

    @property
    def name(self) -> str:
        """The name of the environment."""
        return self.stack.environment.name

    def explain(self, faults: Sequence[Fault]) -> tuple[Diagnostic, ...]:
        """Say what errors of Terraform mean, and what to do."""
        return explain_all(faults, self.stack.environment)


def survey(stack: Stack, environ: Mapping[str, str], report: Callable[[Event], None]) -> Ground:
    """Find out where the environment is; nothing is asked yet."""
    region = stack.environment.region
    assert region is not None  # noqa: S101 - the descriptor's checker wants it for this target
    roles = replace(stack, environment=replace(stack.environment, hosts=ROLES))
    return Ground(roles, environ, report, credentials_folder(environ, stack), Aws(region), prefix(stack))


def look(ground: Ground) -> None:
    """Ask AWS for all that the environment needs of it; raise with all that is in the way."""
    ground.report(Waiting(f"AWS to say what there is in {ground.aws.region}"))
    found = obstacles(ground.aws, ground.stack.environment, ground.prefix)
    if errors := [each for each in found if each.severity == "error"]:
        raise BackendError(*errors)
    for warning in found:
        ground.report(Warned(warning))


@contextmanager
def locked(ground: Ground) -> Iterator[None]:
    """Keep other operators out while the block runs; raise where the credentials are of another account."""
    _check_account(ground)
    with lock(ground.aws, ground.prefix, owner()):
        yield


def complete_credentials(ground: Ground) -> Credentials:
    """Make or renew what is needed in the operator's folder; what AWS has of it counts. AWS is not changed yet."""
    _check_account(ground)
    ground.mirror.fetch()
    found = ground.folder.read()
    if found.secrets is None and found.rescued is None:
        _refuse_new(ground)
    done = complete(found, ground.stack, datetime.now(UTC))
    ground.folder.write(done.credentials, done.dropped)
    if done.changed:
        ground.report(CredentialsMade(done.made, done.renewed, str(ground.folder.path)))
    for warning in done.warnings:
        ground.report(Warned(warning))
    return done.credentials


def _check_account(ground: Ground) -> None:
    """Raise where the credentials are of another account: it would be given the keys of this environment."""
    if problem := other_account(ground.aws, ground.stack.environment):
        raise BackendError(problem)


def refuse_other_state(ground: Ground, known: int) -> None:
    """Raise where servers run and the state here has no resources: all would be made again, or left behind."""
    if not known and (servers := [each.name for each in ground.instances.of("server")]):
        raise ConflictError(messages.state_elsewhere(servers, ground.name))


def _refuse_new(ground: Ground) -> None:
    """Raise where there are servers already: new credentials would lock their owner out."""
    if members := [each.name for each in ground.instances.of("server")]:
        raise ConflictError(host_messages.made_elsewhere(members, ground.prefix, str(ground.folder.path)))


def known_credentials(ground: Ground) -> Credentials:
    """Return the credentials of a cluster that exists, from this machine or from AWS; raise where there are none."""
    if not (ground.folder.path / "credentials.json").exists():
        ground.mirror.fetch()
    found = ground.folder.read()
    if found.authority is None or found.secrets is None:
        if not ground.instances.of("server"):
            raise BackendError(messages.nothing_there(ground.name))
        raise BackendError(
            host_messages.no_credentials(ground.stack.app, ground.name, str(ground.folder.path))
        )
    return complete(found, ground.stack, datetime.now(UTC)).credentials


def hand_in(ground: Ground, credentials: Credentials) -> None:
    """Give AWS what machines fetch when they start, and the operator's folder for colleagues."""
    store = ground.store
    if not ground.instances.of("server"):  # tokens of a cluster that is no more would be believed
        for host in ROLES:
            store.remove(f"{host.name}/nomad.env")
    count = ground.mirror.send()
    for host in ROLES:
        count += store.put(f"{host.name}/secrets.env", secrets_env(host, credentials))
    if count:
        ground.report(Kept(count, store.path("")))


def write_variables(ground: Ground, values: Mapping[str, object]) -> Path:
    """Write what Terraform is handed, which holds passwords, and return the file."""
    ground.folder.write_variables(values)
    return ground.folder.variables
