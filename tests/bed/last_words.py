"""What the logs on a bed's machines complained of last, for the report of a test that failed.

Read from their disks, so that a machine that is off, or refuses everybody, tells as well.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bed.factory import Factory
from tests.bed.machine import Machine

# As PostgreSQL, Patroni, Kafka, RabbitMQ, NATS (WRN), SeaweedFS (W1123 ...), Traefik and the agents write it.
_COMPLAINT = re.compile(
    r"\b(warn|wrn|err|fatal|panic|exception|refused|fail|timeout|(?-i:[WEF]\d{4} ))", re.IGNORECASE
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NUMBER = re.compile(r"[0-9a-f]*[0-9][0-9a-f.:TZ-]*")
_AGENTS = ("consul", "nomad")
_RECENT = 300.0  # seconds
_LINES = 5  # of each log
_WIDTH = 240
_TAIL = 200_000  # bytes of a log in which is looked


def sections(bed: Factory) -> Iterator[tuple[str, str]]:
    """Return a title and lines for every log of the last minutes that complains."""
    for machine in bed.machines:
        for title, lines in _logs(machine):
            if complaints := _told_once(line[:_WIDTH] for line in lines if _COMPLAINT.search(line))[-_LINES:]:
                yield f"{machine.name}: {title}", "\n".join(complaints)


def _told_once(lines: Iterable[str]) -> list[str]:
    """Return the last of lines that differ in nothing but times and numbers."""
    last: dict[str, str] = {}
    for line in lines:
        sense = _NUMBER.sub("", line)
        last.pop(sense, None)
        last[sense] = line
    return list(last.values())


def _logs(machine: Machine) -> Iterator[tuple[str, list[str]]]:
    for agent in _AGENTS:
        yield agent, _journal(machine.disk / "var/log/journal", agent).splitlines()
    since = time.time() - _RECENT
    for file in sorted(machine.disk.glob("opt/nomad/alloc/*/alloc/logs/*.std*")):
        if file.is_file() and file.stat().st_mtime > since:
            yield f"{file.name} of {file.parts[-4][:8]}", _COLOUR.sub("", _tail(file)).splitlines()


def _journal(folder: Path, unit: str) -> str:
    since = f"--since=-{_RECENT:.0f}s"
    command = ["journalctl", f"--directory={folder}", f"--unit={unit}", since, "--output=cat"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, errors="replace")
    return said.stdout


def _tail(file: Path) -> str:
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - _TAIL))
        return log.read().decode(errors="replace")
