"""What happens on and with machines of one's own, as values; `progress.py` has the rest, and these beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hashistack.diagnostics import Diagnostic

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
