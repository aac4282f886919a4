"""Run, watch and end processes, always by pid and never one that we do not recognise."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bed.missing import BedError

LOG_LINES = 15
# Kept because a child that ended stays in the process list until its parent has asked for its end.
_children: dict[int, subprocess.Popen[bytes]] = {}


def say(text: str) -> None:
    """Tell the person who waits what takes so long, on standard error."""
    sys.stderr.write(f"bed: {text}\n")
    sys.stderr.flush()


def run(argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> str:
    """Run a command to its end and return its standard output; raise BedError with its last words."""
    try:
        done = subprocess.run(argv, env=env, input=stdin, capture_output=True, check=False)
    except OSError as error:
        raise BedError(f"{argv[0]} did not start: {error.strerror}") from error
    if done.returncode != 0:
        words = (done.stderr + done.stdout).decode(errors="replace")
        raise BedError(f"{' '.join(argv)} ended with {done.returncode}:\n{last_lines(words)}")
    return done.stdout.decode(errors="replace")


def start(argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> int:
    """Start a long-running process in a session of its own, output appended to ``log``; return its pid."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, start_new_session=True
        )
    _children[process.pid] = process
    # Between a process's start and its first instruction its command line reads as empty.
    wait_for(lambda: process.poll() is not None or bool(_command_line(process.pid)), seconds=5, every=0.01)
    return process.pid


def is_running(pid: int, sign: str) -> bool:
    """Tell whether the process lives and is ours: ``sign`` (a path of ours) stands in its command line."""
    line, child = _command_line(pid), _children.get(pid)
    if child is not None and child.poll() is not None:
        return False
    # A child on its way out has no command line any more, but is not gone before its parent has asked.
    return sign.encode() in line or (child is not None and not line)


def with_sign(sign: str) -> list[int]:
    """Return the pids of all processes in whose command line ``sign`` (a path of ours) stands."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if sign.encode() in _command_line(pid)]


def using(folder: Path) -> list[int]:
    """Return the pids of all other processes that have a file below a folder of ours open."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if any(folder in one.readlink().parents for one in (entry / "fd").iterdir()):
                    found.append(int(entry.name))
    return found


def kill_users(folder: Path) -> None:
    """Kill what has a file below a folder of ours open: what collects the logs of tasks may outlive Nomad."""
    for pid in using(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_with_children(pid: int) -> None:
    """Kill a process and its children at once, children first: they would be nobody's otherwise."""
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (*map(int, children), pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def stop(pid: int, sign: str, *, patience: float = 20.0) -> None:
    """End the process by SIGTERM, after ``patience`` seconds by SIGKILL; do nothing if it is not ours."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not is_running(pid, sign):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: not is_running(pid, sign), seconds=patience)


def wait_for(condition: Callable[[], bool], *, seconds: float, every: float = 0.1) -> None:
    """Return as soon as the condition holds; raise TimeoutError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {seconds:g} s")
        time.sleep(every)


def last_lines(text: str, count: int = LOG_LINES) -> str:
    """Return the end of a log."""
    return "\n".join(text.splitlines()[-count:])


def mounts_below(folder: Path) -> list[str]:
    """Return the mount points below a folder, deepest first, so that they can be unmounted in order."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    points = [line.split()[1].replace("\\040", " ") for line in lines]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)


def unmount_below(folder: Path) -> None:
    """Unmount all below a folder, lazily: what a killed process left busy goes when its last user goes."""
    for point in mounts_below(folder):
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)
