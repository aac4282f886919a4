"""What is wrong, in words: the result of every diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "image",
    "room",
    "port",
    "constraint",
    "check",
    "refused",
    "unhealthy",
    "exit",
    "memory",
    "waiting",
    "deadline",
    "consul",
    "driver",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Why something does not run: `event` is what the cluster says, `cause` what it most likely means."""

    kind: Kind
    where: str
    event: str
    cause: str
    hint: str = ""
    log: tuple[str, ...] = ()
