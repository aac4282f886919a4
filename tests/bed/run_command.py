"""Run Command of Systems Manager, between moto that takes the commands and the machines that carry them out.

In a folder is a file for each: `ID.json` with the instances and the line of shell, and, when it is over, `ID.status`
with the word of AWS for how it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = "MOTO_COMMANDS"
_PENDING = "InProgress"


@dataclass(frozen=True, slots=True)
class Command:
    """A line of shell for machines."""

    file: Path
    instances: tuple[str, ...]
    line: str

    def end(self, *, well: bool) -> None:
        """Say that it is over."""
        _write(self.file.with_suffix(".status"), "Success" if well else "Failed")


def hand_over(folder: Path, identity: str, instances: Sequence[str], line: str) -> None:
    """Leave a command for who carries it out."""
    _write(folder / f"{identity}.json", json.dumps({"instances": list(instances), "line": line}))


def handed_over(folder: Path) -> Iterator[Command]:
    """Yield all commands."""
    for file in folder.glob("*.json"):
        found = json.loads(file.read_text())
        yield Command(file, tuple(found["instances"]), found["line"])


def status(folder: Path, identity: str) -> str:
    """Return how far a command is."""
    file = folder / f"{identity}.status"
    return file.read_text() if file.exists() else _PENDING


def _write(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text)
    new.rename(file)
