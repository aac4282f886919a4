"""Take a pair of agents away with all that belongs to it, in whatever state it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.bed import processes
from tests.bed.engine import Engine
from tests.bed.missing import BedError

ALLOCATION_LABEL = "com.hashicorp.nomad.alloc_id"
STOP_SECONDS = 40.0


def remove_all(engine: Engine, folder: Path) -> None:
    """Stop the agents of this folder, remove the containers that use it, its mounts, then the folder."""
    # Nomad first: in dev mode it ends its allocations itself and takes their services out of Consul.
    for tool in ("nomad", "consul"):
        if pid := _pid(folder / f"{tool}.pid"):
            processes.stop(pid, str(folder), patience=STOP_SECONDS)
    if containers := containers_of(engine, folder):
        engine.docker("rm", "--force", "--volumes", *containers)
    processes.kill_users(folder)
    processes.unmount_below(folder)
    shutil.rmtree(folder, ignore_errors=True)


def containers_of(engine: Engine, folder: Path) -> list[str]:
    """Return the ids of the containers of Nomad tasks that have something of the folder mounted."""
    listed = engine.docker("ps", "--all", "--quiet", "--filter", f"label={ALLOCATION_LABEL}").split()
    return [one for one in listed if _uses(engine, one, folder)]


def _uses(engine: Engine, container: str, folder: Path) -> bool:
    try:
        mounts = json.loads(engine.docker("inspect", "--format", "{{json .Mounts}}", container))
    except BedError:  # gone since it was listed
        return False
    return any(str(mount.get("Source", "")).startswith(f"{folder}/") for mount in mounts)


def _pid(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0
