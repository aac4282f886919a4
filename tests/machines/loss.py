"""All servers of a cluster lose what they know, at the same time."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bed.machine import Machine
from tests.local.api import until

# Killed, for a server that has lost the others waits long for them before it stops.
_LOSE = """
systemctl stop --no-block nomad consul
systemctl kill --signal=KILL nomad consul
systemctl stop nomad consul
rm -rf /opt/consul/* /opt/nomad/server
"""
_START = "systemctl start --no-block consul nomad"


def lose_everything(servers: Sequence[Machine]) -> None:
    """Empty their disks of both products, and wait until they answer again."""
    # All of them before one starts again: it would learn everything from the others.
    for command in (_LOSE, _START):
        for machine in servers:
            machine.run(command)
    until(lambda: all(_answers(machine) for machine in servers))


def _answers(machine: Machine) -> bool:
    """Tell whether both agents say anything at all."""
    urls = " ".join(f"https://127.0.0.1:{port}/v1/status/leader" for port in (4646, 8501))
    files = " ".join(f"--{name} /etc/hashistack/tls/{name}.pem" for name in ("cert", "key"))
    return machine.ssh(f"for url in {urls}; do curl -sk -m 3 {files} $url || exit 1; done").returncode == 0
