"""The Docker engine of this machine, through its own command line."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Sequence

from hashistack.diagnostics import BackendError
from hashistack.messages import agents as messages

_TIMEOUT = 20  # seconds; an engine that needs longer for such questions is as good as away
_ALLOCATION_LABEL = "com.hashicorp.nomad.alloc_id"  # set by Nomad's docker driver on every container


def bridge_interface() -> str:
    """Return the interface of Docker's own network: this machine and containers reach it, the LAN does not."""
    network = json.loads(_docker("network", "inspect", "bridge"))[0]
    name = str(network["Options"].get("com.docker.network.bridge.name", "docker0"))
    if name not in {interface for _, interface in socket.if_nameindex()}:
        raise BackendError(messages.docker_elsewhere(name))
    return name


def endpoint() -> str:
    """Return the address of the engine that the docker command uses, by DOCKER_HOST or by its context."""
    return _docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()


def remove_containers(allocations: Sequence[str]) -> int:
    """Remove the containers of these Nomad allocations, running or not, and return how many there were."""
    wanted = set(allocations)
    if not wanted:
        return 0
    format_ = f'{{{{.ID}}}} {{{{.Label "{_ALLOCATION_LABEL}"}}}}'
    listed = _docker(
        "ps", "--all", "--filter", f"label={_ALLOCATION_LABEL}", "--format", format_
    ).splitlines()
    containers = [line.split()[0] for line in listed if line.split()[-1] in wanted]
    if containers:
        _docker("rm", "--force", "--volumes", *containers)
    return len(containers)


def _docker(*arguments: str) -> str:
    command = shutil.which("docker")
    if command is None:
        raise BackendError(messages.missing_docker())
    try:
        done = subprocess.run(
            [command, *arguments], capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BackendError(messages.docker_silent(f"no answer in {_TIMEOUT} s")) from error
    if done.returncode != 0:
        raise BackendError(messages.docker_silent(done.stderr.strip()))
    return done.stdout
