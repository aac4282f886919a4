"""Background processes that outlive the command, and are never confused with others that got the same number later."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hashistack.backends.patience import until

_STOP_PATIENCE = 15.0  # seconds between asking a process to end and ending it
_TICK = 0.1


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its number and when it was started, in a form that only equality is asked of."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return started(self.pid) == self.started


def started(pid: int) -> str | None:
    """Say when a process was started; None if there is none, or only its remains."""
    try:
        # The name of the program, in parentheses, may hold anything; the fields counted here come after it (proc(5)).
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    state, ticks = fields[0], fields[19]
    return None if state in "ZX" else f"{boot}/{ticks}"


def launch(command: Sequence[str], environ: Mapping[str, str], folder: Path, log: Path) -> Process:
    """Start a program in a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        child = subprocess.Popen(
            list(command),
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    return Process(child.pid, started(child.pid) or "ended")


def stop(process: Process) -> None:
    """End a process, politely first; one that is gone is fine."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not process.alive:
            break
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
        _wait(process)
    # Only when the same command started it: leave no zombie.
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)


def _wait(process: Process) -> None:
    until(lambda: not process.alive, _STOP_PATIENCE, _TICK)
