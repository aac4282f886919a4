"""Ports of this machine and of others: which one is free, and whether anybody listens."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(host: str, port: int, seconds: float) -> bool:
    """Tell whether anybody takes connections at an address; one that is silent for `seconds` does not."""
    try:
        with socket.create_connection((host, port), timeout=seconds):
            return True
    except OSError:
        return False
