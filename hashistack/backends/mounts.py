"""What is mounted on this machine: Nomad mounts a folder of secrets for every task."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

_ESCAPED = re.compile(
    rb"\\([0-7]{3})"
)  # the kernel writes blank, tab, newline and backslash so (proc_pid_mounts(5))


def unmount(folder: Path) -> None:
    """Unmount all that is mounted below a folder, the newest first; what refuses stays."""
    for mount in reversed(mounted_below(folder, Path("/proc/self/mounts").read_bytes())):
        subprocess.run(["umount", mount], check=False, capture_output=True)  # noqa: S607 - a mount below our folder


def mounted_below(folder: Path, mounts: bytes) -> list[str]:
    """Return the mount points below a folder, in the order of `mounts`, the content of /proc/self/mounts."""
    points = (os.fsdecode(_ESCAPED.sub(_character, line.split()[1])) for line in mounts.splitlines())
    return [point for point in points if point.startswith(f"{folder}{os.sep}")]


def _character(escaped: re.Match[bytes]) -> bytes:
    return bytes([int(escaped[1], 8)])
