"""What happens to the resources of a cloud, as values; `progress.py` has the rest, and these beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PieceBegun:
    """Work on a resource has begun; `what` is what people call it, `action` is Terraform's word: create, update, …"""

    address: str
    what: str
    action: str


@dataclass(frozen=True, slots=True)
class PieceLasts:
    """Work on a resource goes on, since so many seconds."""

    address: str
    what: str
    action: str
    seconds: int


@dataclass(frozen=True, slots=True)
class PieceDone:
    """Work on a resource has ended well, after so many seconds."""

    address: str
    what: str
    action: str
    seconds: int


@dataclass(frozen=True, slots=True)
class PieceFailed:
    """Work on a resource has failed; why is said at the end."""

    address: str
    what: str
    action: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """A new server has taken the place of an old one, with its votes."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Applied:
    """So many resources were created, changed and deleted."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What is about to be done, step by step, in words."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delegate:
    """A hosted zone was made: whoever the domain is registered with has to name these servers."""

    zone: str
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """So many secrets were written to the parameters below `place`."""

    count: int
    place: str
