"""What a machine lacks for the bed, said in a way that can be acted upon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """Name one thing that the bed needs and this machine has not."""

    what: str
    why: str
    how: str

    def __str__(self) -> str:
        return f"{self.what} is missing: {self.why}. {self.how}"


class BedUnavailable(Exception):
    """Say that the bed cannot stand on this machine; ``missing`` lists every reason found."""

    def __init__(self, missing: Iterable[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__("\n".join(str(one) for one in self.missing))


class BedError(RuntimeError):
    """Say that a part of the bed that should work did not; the message ends with its last output."""
