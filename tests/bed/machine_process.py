"""``python -m tests.bed.machine_process FOLDER``: one machine that is switched on, until it powers itself off.

A process of its own, so that a machine outlives the command that started it and comes back from its own reboots.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.bed import lan
from tests.bed.lan import Lan

REBOOT = 133  # what nspawn ends with when the machine inside asked for a reboot


def main(folder: Path) -> int:
    """Boot the machine of this folder, again after each reboot; return what nspawn ended with."""
    settings = json.loads((folder / "machine.json").read_text())
    while True:
        lan.plug_in(Lan(settings["lan"]), settings["name"], settings["address"])
        ended = subprocess.run(_command(folder, settings), env=_environment(), check=False).returncode
        if ended != REBOOT:
            return ended


def _command(folder: Path, settings: Mapping[str, str]) -> list[str]:
    namespace = Lan(int(settings["lan"])).namespace(settings["name"])
    return [
        "systemd-nspawn",
        "--quiet",
        f"--machine={settings['name']}",
        f"--uuid={settings['uuid']}",
        f"--directory={folder}/disk",
        f"--network-namespace-path=/run/netns/{namespace}",
        "--register=no",  # there may be no systemd on this machine
        "--keep-unit",
        "--capability=all",
        "--resolv-conf=off",
        "--timezone=off",
        "--boot",
        "--console=pipe",
    ]


def _environment() -> Mapping[str, str]:
    # Docker and Nomad write below /proc/sys, and their containers have a filter of system calls of their own.
    return {**os.environ, "SYSTEMD_SECCOMP": "0", "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1"}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
