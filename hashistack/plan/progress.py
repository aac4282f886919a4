"""What happens while a plan is carried out, as values; views decide how each looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hashistack.plan.finding import Finding
from hashistack.plan.progress_cloud import (
    Applied,
    Delegate,
    Kept,
    PieceBegun,
    PieceDone,
    PieceFailed,
    PieceLasts,
    Planned,
    Replaced,
)
from hashistack.plan.progress_hosts import (
    AccessBegun,
    AccessChanged,
    CredentialsMade,
    Emptied,
    HandedOver,
    HostDone,
    HostFailed,
    HostLine,
    HostStarted,
    Joined,
    Led,
    Phase,
    Restored,
    Saved,
    Upgraded,
    Warned,
)
from hashistack.plan.steps import Address

__all__ = [  # beside what is defined here: who speaks of progress need not know where events live
    "AccessBegun",
    "AccessChanged",
    "Applied",
    "CredentialsMade",
    "Delegate",
    "Emptied",
    "HandedOver",
    "HostDone",
    "HostFailed",
    "HostLine",
    "HostStarted",
    "Joined",
    "Kept",
    "Led",
    "Phase",
    "PieceBegun",
    "PieceDone",
    "PieceFailed",
    "PieceLasts",
    "Planned",
    "Replaced",
    "Restored",
    "Saved",
    "Upgraded",
    "Warned",
]


@dataclass(frozen=True, slots=True)
class AgentsStarted:
    """Agents were started on this machine."""

    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentsStopped:
    """Agents of ours were stopped and their data removed, unless it is kept."""

    agents: tuple[str, ...]
    keeps_data: bool = False


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
class Made:
    """Something of a kind was made on machines: volumes."""

    kind: str
    name: str
    hosts: tuple[str, ...]


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
    """A line that a job wrote which runs to its end."""

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
    """The release step of a version has succeeded, or a setup, which has no version."""

    job: str
    version: str | None


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
    """Something is left as it is, and why: it is not ours any more, or not for this command."""

    kind: str
    name: str
    why: str


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
    | Made
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
    | PieceBegun
    | PieceLasts
    | PieceDone
    | PieceFailed
    | Applied
    | Delegate
    | Planned
    | Replaced
    | Kept
    | Ready
)


class Progress(Protocol):
    """Whoever wants to know; a view, or a list in a test."""

    def report(self, event: Event) -> None:
        """Take note of an event."""
