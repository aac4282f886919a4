"""What the logs on a bed's machines complained of last, for the report of a test that failed.

Read from their disks, so that a machine that is off, or refuses everybody, tells as well.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bed.factory import Factory
from tests.bed.machine import Machine

# As PostgreSQL, Patroni, Kafka, RabbitMQ, NATS (WRN), SeaweedFS (W1123 ...), Traefik and the agents write it.
_COMPLAINT = re.compile(
    r"\b(warn|wrn|err|fatal|panic|exception|refused|fail|timeout|[WEF]\d{4} )", re.IGNORECASE
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_AGENTS = ("--unit=consul", "--unit=nomad")
_RECENT = 300.0  # seconds
_LINES = 5  # of each log
_WIDTH = 240
_TAIL = 200_000  # bytes of a log in which is looked


def sections(bed: Factory) -> Iterator[tuple[str, str]]:
    """Return a title and lines for every log of the last minutes that complains."""
    for machine in bed.machines:
        for title, lines in _logs(machine):
            complaints = [line[:_WIDTH] for line in lines if _COMPLAINT.search(line)][-_LINES:]
            if complaints:
                yield f"{machine.name}: {title}", "\n".join(complaints)


def _logs(machine: Machine) -> Iterator[tuple[str, list[str]]]:
    yield "Consul and Nomad", _journal(machine.disk / "var/log/journal").splitlines()
    since = time.time() - _RECENT
    for file in sorted(machine.disk.glob("opt/nomad/alloc/*/alloc/logs/*.std*")):
        if file.is_file() and file.stat().st_mtime > since:
            yield f"{file.name} of {file.parts[-4][:8]}", _COLOUR.sub("", _tail(file)).splitlines()


def _journal(folder: Path) -> str:
    command = ["journalctl", f"--directory={folder}", *_AGENTS, f"--since=-{_RECENT:.0f}s", "--output=cat"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, errors="replace")
    return said.stdout


def _tail(file: Path) -> str:
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - _TAIL))
        return log.read().decode(errors="replace")
