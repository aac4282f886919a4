"""The Nomad and the Consul of the local target: use those that answer, start the others, stop only our own."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hashistack.backends import docker
from hashistack.backends.consul import Consul
from hashistack.backends.endpoint import Endpoint, Product
from hashistack.backends.mounts import unmount
from hashistack.backends.nomad import Nomad
from hashistack.backends.ports import free_port, listens
from hashistack.backends.processes import Process, launch, stop
from hashistack.backends.state import StateFolder, private_folder, read_json, remove_folder, write_json
from hashistack.diagnostics import BackendError
from hashistack.messages import agents as messages
from hashistack.render.environment import environment as templates
from hashistack.tree.write import write_file

_READY_PATIENCE = (
    60.0  # seconds for an agent to have a leader and a working docker driver; a loaded laptop needs 20
)
_LISTEN_SECONDS = 2.0
_TICK = 0.2
_LOG_LINES = 3
_FIRST = "first"  # the mark of a Nomad without its client
_STARTING = ("HS401", "HS404", "HS405")  # nothing listens yet, no answer yet, no leader yet

# Ports for instances: two Nomads on one machine must not hand out the same, so each takes one of 12 windows of
# Nomad's own range (20000 to 32000), by its address. A window is wide, for Docker may not have given a port back yet
# when Nomad hands it out again: the instance that gets it fails.
_FIRST_PORT, _WINDOWS, _WINDOW = 20000, 12, 1000

# What an agent inherits: nothing that changes its configuration behind our back, such as NOMAD_*, VAULT_* or AWS_*.
_INHERITED = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "SSL_CERT_FILE", "CONSUL_HTTP_TOKEN")
_INHERITED_PREFIXES = (
    "DOCKER_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


@dataclass(frozen=True, slots=True)
class LocalAgents:
    """The pair of agents behind two addresses, and the folder that remembers which of them are ours."""

    nomad: Endpoint
    consul: Endpoint
    state: StateFolder
    environ: Mapping[str, str]

    def silent(self) -> tuple[Product, ...]:
        """Return the products that nobody answers for, in the order in which they have to be started."""
        return tuple(
            endpoint.product
            for endpoint in (self.consul, self.nomad)
            if not listens(endpoint.host, endpoint.port, _LISTEN_SECONDS)
        )

    def ours(self) -> tuple[str, ...]:
        """Name the agents that were started here and still run."""
        return tuple(
            name for name in ("consul", "nomad") if (process := self._process(name)) and process.alive
        )

    def remains(self) -> bool:
        """Tell whether there is anything of agents that were started here, running or not."""
        return any(self._process(name) for name in ("consul", "nomad"))

    def start(self) -> tuple[str, ...]:
        """Start the agents that nobody answers for and wait until all can run containers; return their names."""
        with self.state.locked("agents"):
            self._end_first_stage()
            silent = self.silent()
            if silent:
                self._check_machine(silent)
            started = tuple(self._start(product) for product in silent)
        _await_answer(Consul(self.consul).service_names)
        self._await_driver()
        return started

    def stop(self, *, keeps_data: bool = False) -> tuple[str, ...]:
        """Stop the agents that were started here, remove their folders and return their names.

        With `keeps_data` the next start finds what they know and the volumes; what ran is gone all the same.
        """
        stopped = []
        with self.state.locked("agents"):
            for name in ("nomad", "consul"):
                process = self._process(name)
                if process is None:
                    continue
                stop(process)
                self._clean(name, keeps_data=keeps_data)
                stopped.append(name)
        return tuple(stopped)

    # --- starting

    def _check_machine(self, silent: tuple[Product, ...]) -> None:
        for endpoint in (self.consul, self.nomad):
            if endpoint.product not in silent:
                continue
            if not endpoint.loopback:
                raise BackendError(messages.not_local(endpoint.product, endpoint.url))
            if shutil.which(endpoint.product.lower(), path=self.environ.get("PATH")) is None:
                raise BackendError(messages.missing_binary(endpoint.product.lower()))
        docker.bridge_interface()

    def _start(self, product: Product) -> str:
        name, endpoint = product.lower(), self.nomad if product == "Nomad" else self.consul
        ready = Nomad(endpoint).ready if product == "Nomad" else Consul(endpoint).ready
        running = self._process(name)
        if running and running.alive:  # an earlier start was interrupted, or lost patience with it
            self._await(name, ready, running)
            return name
        folder = self.state.agent(name)
        private_folder(folder / "data")
        saved = self._saved(name)
        ports = saved.get("ports") or {"server": free_port(), "serf": free_port()}
        view = self._view(endpoint, folder, ports)
        if name == "nomad" and (saved.get("stage") == _FIRST or not (folder / "data" / "server").exists()):
            # A client that registers before a new server has made its keys tries again only after 15 to 30 seconds.
            record = {"ports": ports, "stage": _FIRST}
            stop(self._launch(name, record, {**view, "client": False}, Nomad(endpoint).can_sign))
        self._launch(name, {"ports": ports}, view, ready)
        return name

    def _end_first_stage(self) -> None:
        """Stop a Nomad that an interrupted start left without its client: it answers, and never runs anything."""
        process = self._process("nomad")
        if process and self._saved("nomad").get("stage") == _FIRST:
            stop(process)

    def _launch(
        self, name: str, record: Mapping[str, Any], view: Mapping[str, Any], ready: Callable[[], bool]
    ) -> Process:
        folder = self.state.agent(name)
        config = folder / f"{name}.hcl"
        write_file(config, _configuration(name, view))
        binary = shutil.which(name, path=self.environ.get("PATH")) or name
        command = [binary, "agent", "-config" if name == "nomad" else "-config-file", str(config)]
        process = launch(command, self._environ(), folder, folder / "agent.log")
        write_json(folder / "agent.json", {"pid": process.pid, "started": process.started, **record})
        self._await(name, ready, process)
        return process

    def _view(self, endpoint: Endpoint, folder: Path, ports: Mapping[str, int]) -> dict[str, Any]:
        return {
            "data": str(folder / "data"),
            "host": "127.0.0.1" if endpoint.host == "localhost" else endpoint.host,
            "port": endpoint.port,
            "server_port": ports["server"],
            "serf_port": ports["serf"],
            "client": True,
            "network_interface": docker.bridge_interface() if endpoint.product == "Nomad" else None,
            "docker": docker.endpoint() if endpoint.product == "Nomad" else None,
            "first_port": _FIRST_PORT + endpoint.port % _WINDOWS * _WINDOW,
            "last_port": _FIRST_PORT + (endpoint.port % _WINDOWS + 1) * _WINDOW - 1,
            "consul_address": f"{self.consul.host}:{self.consul.port}",
            "consul_tls": self.consul.secure,
        }

    def _environ(self) -> dict[str, str]:
        def passes(name: str) -> bool:
            return name in _INHERITED or name.startswith((*_INHERITED_PREFIXES, "LC_"))

        return {name: value for name, value in self.environ.items() if passes(name)}

    def _await(self, name: str, ready: Callable[[], bool], process: Process) -> None:
        deadline = time.monotonic() + _READY_PATIENCE
        while not ready():
            if not process.alive or time.monotonic() > deadline:
                log = self.state.agent(name) / "agent.log"
                raise BackendError(messages.agent_died(name, str(log), _tail(log)))
            time.sleep(_TICK)

    def _await_driver(self) -> None:
        nomad = Nomad(self.nomad)
        _await_answer(nomad.nodes)
        deadline = time.monotonic() + _READY_PATIENCE
        while not any(_runs_containers(node) for node in nomad.nodes()):
            if time.monotonic() > deadline:
                raise BackendError(messages.driver_missing(_driver_problem(nomad.nodes())))
            time.sleep(_TICK)

    # --- stopping

    def _process(self, name: str) -> Process | None:
        saved = self._saved(name)
        return Process(int(saved["pid"]), str(saved["started"])) if saved else None

    def _saved(self, name: str) -> dict[str, Any]:
        return read_json(self.state.agent(name) / "agent.json") or {}

    def _clean(self, name: str, *, keeps_data: bool) -> None:
        """Remove what an agent left behind: containers, mounts of its tasks' secrets, data."""
        folder = self.state.agent(name)
        allocations = [path.name for path in (folder / "data" / "alloc").glob("*") if path.is_dir()]
        with suppress(BackendError):  # without an engine there are no containers either
            docker.remove_containers(allocations)
        unmount(folder)
        if not keeps_data:
            remove_folder(folder)


def _await_answer(ask: Callable[[], object]) -> None:
    """Wait for an agent that is just starting; any other trouble, such as a missing token, is raised at once."""
    deadline = time.monotonic() + _READY_PATIENCE
    while True:
        try:
            ask()
            return
        except BackendError as error:
            if error.diagnostics[0].code not in _STARTING or time.monotonic() > deadline:
                raise
        time.sleep(_TICK)


def _configuration(name: str, view: Mapping[str, Any]) -> bytes:
    return templates().get_template(f"agent/{name}.hcl.j2").render(view=view).encode()


def _runs_containers(node: Mapping[str, Any]) -> bool:
    driver = (node.get("Drivers") or {}).get("docker") or {}
    return bool(node.get("Status") == "ready" and driver.get("Detected") and driver.get("Healthy"))


def _driver_problem(nodes: list[dict[str, Any]]) -> str:
    found = [
        (node.get("Drivers") or {}).get("docker", {}).get("HealthDescription", "not detected")
        for node in nodes
    ]
    return "; ".join(sorted(set(found))) or "no machine runs jobs"


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "it wrote no log"
    errors = [line for line in lines if "[ERROR]" in line or line.startswith("==> ")]
    return " | ".join((errors or lines)[-_LOG_LINES:])
