"""More machines for a throw-away Nomad: clients beside its own, each with a folder of its own, which can be killed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bed import agent_files, processes
from tests.bed.agents import Agents
from tests.bed.cleanup import remove_all
from tests.bed.engine import Engine
from tests.local import api


@dataclass(frozen=True, slots=True)
class Client:
    """One client; containers of its tasks are Docker's and outlive it."""

    name: str
    pid: int
    folder: Path

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)


@contextmanager
def clients(
    engine: Engine, agents: Agents, nomad: Path, folder: Path, names: tuple[str, ...]
) -> Iterator[dict[str, Client]]:
    """Start clients of these names, wait until they take jobs, and leave nothing of them behind."""
    found = {name: _start(engine, agents, nomad, folder / name) for name in names}
    try:
        api.until(lambda: set(names) <= {node["Name"] for node in _ready(agents)})
        yield found
    finally:
        for client in found.values():
            remove_all(engine, client.folder)


def _ready(agents: Agents) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = api.get(agents.nomad_addr, "/v1/nodes")
    return [node for node in nodes if node["Status"] == "ready"]


def _start(engine: Engine, agents: Agents, nomad: Path, folder: Path) -> Client:
    folder.mkdir(parents=True)
    settings = agent_files.Settings(folder, engine.host)
    config: dict[str, Any] = dict(agent_files.nomad(settings))
    del config["server"]
    server = api.get(agents.nomad_addr, "/v1/agent/self")["config"]["Ports"]["RPC"]
    config["name"] = folder.name
    config["client"] = {**config["client"], "servers": [f"127.0.0.1:{server}"]}
    config["consul"] = {"address": agents.consul_addr.removeprefix("http://"), "client_auto_join": False}
    (folder / "nomad.json").write_text(json.dumps(config))
    return Client(folder.name, start(nomad, folder), folder)


def start(nomad: Path, folder: Path) -> int:
    """Start the client of a folder, as what it was when it has been there before, and return its pid."""
    environment = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
    command = [str(nomad), "agent", f"-config={folder}/nomad.json"]
    pid = processes.start(command, folder / "nomad.log", environment)
    (folder / "nomad.pid").write_text(str(pid))
    return pid
