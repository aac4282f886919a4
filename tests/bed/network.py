"""Ports and addresses for throw-away agents."""

from __future__ import annotations

import json
import random
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from tests.bed.missing import BedError
from tests.bed.processes import run

# Ports of outgoing connections begin at 32768 (net.ipv4.ip_local_port_range), Nomad's own default window is
# 20000-32000, backing services have theirs below that: agents take theirs below both, and tasks above what a
# developer's own Nomad takes first.
AGENT_PORTS = range(6100, 9900)
TASK_PORTS = range(24000, 32000)
WINDOW = 1000  # wide: Docker may not have given a port back yet when Nomad hands it out again


@dataclass(frozen=True, slots=True)
class Interface:
    """Name a network interface and its IPv4 address."""

    name: str
    ip: str


def service_interface() -> Interface:
    """Return the interface where services of containers are registered.

    Docker's bridge if there is one: both this machine and containers reach it, the outside does not. Else the
    interface of the default route.
    """
    interfaces = {one["ifname"]: one for one in json.loads(run(["ip", "-json", "-4", "address"]))}
    routes = json.loads(run(["ip", "-json", "-4", "route", "show", "default"]))
    for name in ("docker0", *(route["dev"] for route in routes)):
        if name in interfaces and (ip := _first_address(interfaces[name])):
            return Interface(name, ip)
    raise BedError("neither docker0 nor a default route has an IPv4 address")


def free_ports(count: int) -> list[int]:
    """Return free TCP ports of 127.0.0.1, all different."""
    ports: list[int] = []
    with ExitStack() as held:
        for port in random.sample(AGENT_PORTS, len(AGENT_PORTS)):
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise BedError(f"no {count} free ports between {AGENT_PORTS.start} and {AGENT_PORTS.stop}")


def task_window() -> tuple[int, int]:
    """Return the first and last of the dynamic ports that one Nomad hands out, rarely another's."""
    first = random.randrange(TASK_PORTS.start, TASK_PORTS.stop, WINDOW)
    return first, first + WINDOW - 1


def answers(host: str, port: int) -> bool:
    """Tell whether somebody takes a connection at the port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _first_address(interface: dict[str, Any]) -> str:
    return next((one["local"] for one in interface["addr_info"] if one["family"] == "inet"), "")
