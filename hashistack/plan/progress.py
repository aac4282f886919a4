"""What happens while a plan is carried out, as values; views decide how each looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from hashistack.diagnostics import Diagnostic
from hashistack.plan.finding import Finding
from hashistack.plan.steps import Address


@dataclass(frozen=True, slots=True)
class AgentsStarted:
    """Agents were started on this machine."""

    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentsStopped:
    """Agents of ours were stopped and their data removed."""

    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentsKept:
    """Agents of ours go on, because these jobs that are not the app's still run on them."""

    agents: tuple[str, ...]
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """Items were stored in a variable; never their values."""

    path: str
    names: tuple[str, ...]
    generated: bool


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A job already is as it should be."""

    job: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """Nomad accepted a job."""

    job: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a process of a job has come."""

    job: str
    process: str
    placed: int
    healthy: int
    desired: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is wrong with an instance, or there is no room for one."""

    job: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that the release step wrote."""

    job: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Reverting:
    """A version failed and Nomad brings the one before back."""

    job: str
    version: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """A job has become what it should be."""

    job: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Released:
    """The release step of a version has succeeded."""

    job: str
    version: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something outside the job in hand is waited for."""

    what: str


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that hashistack made is gone: a job, a variable, a record."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Left:
    """Something was recorded as ours and is left, because it no longer is."""

    kind: str
    name: str
    why: str


Phase = Literal["install", "start", "remove"]


@dataclass(frozen=True, slots=True)
class HostStarted:
    """Work on a host has begun."""

    host: str
    phase: Phase


@dataclass(frozen=True, slots=True)
class HostLine:
    """A line that was said on a host."""

    host: str
    phase: Phase
    text: str


@dataclass(frozen=True, slots=True)
class HostDone:
    """Work on a host has ended well, after so many seconds."""

    host: str
    phase: Phase
    seconds: int


@dataclass(frozen=True, slots=True)
class HostFailed:
    """Work on a host has failed; `log` are the last lines that were said there."""

    host: str
    phase: Phase
    log: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CredentialsMade:
    """Credentials were made or renewed, named by what they are for, in the operator's folder."""

    made: tuple[str, ...]
    renewed: tuple[str, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class AccessBegun:
    """The access control of Consul or Nomad has its first management token, and refuses everybody else."""

    product: str


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """So many rights, tokens and rules of Consul or Nomad were written and removed."""

    product: str
    written: int
    removed: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A host has been given its tokens, named by their variables."""

    host: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """A host has become one that takes jobs."""

    host: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something looks wrong and stops nothing."""

    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot of Consul or Nomad was written; `size` in bytes."""

    product: str
    size: int


@dataclass(frozen=True, slots=True)
class Restored:
    """The servers of Consul or Nomad have what a snapshot of `taken` had."""

    product: str
    taken: str


@dataclass(frozen=True, slots=True)
class Led:
    """Another server leads."""

    product: str
    host: str


@dataclass(frozen=True, slots=True)
class Emptied:
    """The instances on a host have moved elsewhere, and it takes no new ones."""

    host: str


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A host runs these versions and is healthy."""

    host: str
    consul: str
    nomad: str


@dataclass(frozen=True, slots=True)
class Ready:
    """All is done; here it answers."""

    app: str
    version: str
    addresses: tuple[Address, ...]


Event = (
    AgentsStarted
    | AgentsStopped
    | AgentsKept
    | Stored
    | Unchanged
    | Submitted
    | Rollout
    | Trouble
    | LogLine
    | Reverting
    | Running
    | Released
    | Waiting
    | Removed
    | Left
    | HostStarted
    | HostLine
    | HostDone
    | HostFailed
    | CredentialsMade
    | AccessBegun
    | AccessChanged
    | HandedOver
    | Joined
    | Warned
    | Saved
    | Restored
    | Led
    | Emptied
    | Upgraded
    | Ready
)


class Progress(Protocol):
    """Whoever wants to know; a view, or a list in a test."""

    def report(self, event: Event) -> None:
        """Take note of an event."""
