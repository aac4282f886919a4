"""A throw-away Consul and Nomad agent, each with random ports and data of its own."""

from __future__ import annotations

import json
import os
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.bed import agent_files, packages, processes
from tests.bed.agent_files import LOOPBACK, Settings
from tests.bed.cleanup import remove_all
from tests.bed.engine import Engine
from tests.bed.missing import BedError, BedUnavailable, Missing
from tests.bed.paths import locked, share, try_lock
from tests.tools import build

START_SECONDS = 60.0
# Not a fixture's own temporary folder: Nomad listens at <data>/alloc/<id>/<task>/secrets/api.sock, and the
# path of a socket may have 107 bytes.
BASE = Path(tempfile.gettempdir()) / "hashistack-bed"


@dataclass(frozen=True, slots=True)
class Agents:
    """Name the running pair of agents."""

    nomad_addr: str  # http://127.0.0.1:port, as in NOMAD_ADDR
    consul_addr: str  # as in CONSUL_HTTP_ADDR
    nomad_pid: int
    consul_pid: int
    data_dir: Path  # configuration, logs (nomad.log, consul.log) and state
    service_address: str  # where services of containers are registered; this machine and containers reach it

    def environment(self) -> dict[str, str]:
        """Return this process's environment with the addresses of these agents in it."""
        return {**os.environ, "NOMAD_ADDR": self.nomad_addr, "CONSUL_HTTP_ADDR": self.consul_addr}


@contextmanager
def running(engine: Engine) -> Iterator[Agents]:
    """Start both agents, wait until they take jobs, and leave nothing of them and of their jobs behind.

    Raises BedUnavailable without root, which Nomad's client needs, or without a way to get the binaries.
    """
    if os.geteuid() != 0:
        why = "Nomad's client mounts the folders of its tasks"
        raise BedUnavailable([Missing("the right of root", why, "Run this as root")])
    packages.ensure(["iproute2", "containernetworking-plugins"])
    binaries = {tool: build.ensure(tool) for tool in ("nomad", "consul")}
    sweep(engine)
    folder, owner = _new_folder()
    try:
        yield _start(Settings(folder, engine.host), binaries)
    finally:
        remove_all(engine, folder)
        owner.close()


def sweep(engine: Engine) -> None:
    """Remove what runs that were killed left behind: agents, containers, mounts and data."""
    BASE.mkdir(mode=0o755, exist_ok=True)
    with locked(BASE / "folders.lock"):
        for folder in BASE.glob("*/"):
            # The system frees the lock of a process however it died.
            if orphan := try_lock(folder / "owner.lock"):
                remove_all(engine, folder)
                orphan.close()


def _new_folder() -> tuple[Path, IO[str]]:
    with locked(BASE / "folders.lock"):
        folder = BASE / uuid.uuid4().hex[:8]
        folder.mkdir()
        return folder, share(folder / "owner.lock")


def _start(settings: Settings, binaries: Mapping[str, Path]) -> Agents:
    folder, ports = settings.folder, settings.ports
    consul_addr, nomad_addr = (f"http://{LOOPBACK}:{port}" for port in (ports.consul_http, ports.nomad_http))
    # Dev mode with a file of ours, which wins over all its defaults. A fresh Nomad fails to register its node
    # because the server's keys come later; not in dev mode it waits 15 to 30 s before it tries again.
    consul_pid = _spawn(settings, "consul", binaries, ["-dev", f"-config-file={folder}/consul.json"])
    _wait(settings, "consul", consul_pid, f"{consul_addr}/v1/catalog/nodes", "Node")
    nomad_pid = _spawn(settings, "nomad", binaries, ["-dev", f"-config={folder}/nomad.json"])
    _wait(settings, "nomad", nomad_pid, f"{nomad_addr}/v1/nodes?filter=Status==ready", "Name")
    return Agents(nomad_addr, consul_addr, nomad_pid, consul_pid, folder, settings.interface.ip)


def _spawn(settings: Settings, tool: str, binaries: Mapping[str, Path], flags: list[str]) -> int:
    folder = settings.folder
    content = {"nomad": agent_files.nomad, "consul": agent_files.consul}[tool](settings)
    (folder / f"{tool}.json").write_text(json.dumps(content, indent=2))
    pid = processes.start([str(binaries[tool]), "agent", *flags], folder / f"{tool}.log", _environment())
    (folder / f"{tool}.pid").write_text(str(pid))
    return pid


def _environment() -> dict[str, str]:
    # The addresses and tokens of a cluster that the developer works with are no business of these agents.
    # AWS_CA_BUNDLE ends Nomad: "unable to add custom RootCAs HTTPClient".
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("NOMAD_", "CONSUL_"))}
    ours.pop("AWS_CA_BUNDLE", None)
    return {**ours, "AWS_EC2_METADATA_DISABLED": "true"}


def _wait(settings: Settings, tool: str, pid: int, url: str, key: str) -> None:
    """Wait until the agent lists its own node; another agent on its port would list another's."""

    def ready() -> bool:
        return not processes.is_running(pid, str(settings.folder)) or settings.name in _names(url, key)

    try:
        processes.wait_for(ready, seconds=START_SECONDS)
        alive = processes.is_running(pid, str(settings.folder))
    except TimeoutError:
        alive = False
    if not alive:
        log = (settings.folder / f"{tool}.log").read_text(errors="replace")
        raise BedError(f"{tool} did not come up:\n{processes.last_lines(log)}")


def _names(url: str, key: str) -> list[str]:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            nodes: list[dict[str, Any]] = json.load(answer)
    except (OSError, ValueError):
        return []
    return [node[key] for node in nodes]
