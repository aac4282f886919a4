"""NATS' scripts against a monitoring port that answers as the real one did."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.backends.answers import answering
from tests.conftest import program

METRICS = Path(__file__).parents[3] / "jobs" / "nats" / "metrics.sh"
VARZ = """{
  "server_id": "NBTF",
  "mem": 15097856,
  "cpu": 1.5,
  "connections": 2,
  "total_connections": 7,
  "routes": 8,
  "in_msgs": 30,
  "in_client_msgs": 4,
  "in_bytes": 300,
  "out_msgs": 20,
  "out_bytes": 200,
  "slow_consumers": 0,
  "subscriptions": 63,
  "slow_consumer_stats": {
    "clients": 1,
    "routes": 9
  }
}"""
JSZ = """{
  "config": {
    "max_storage": 46364762112
  },
  "streams": 3,
  "consumers": 4,
  "messages": 50,
  "bytes": 6000
}"""


@pytest.fixture(autouse=True, scope="module")
def busybox() -> str:
    """Return its path: NATS' image has no other tools."""
    return program("busybox", "busybox-static")


def test_a_node_tells_its_own_numbers_and_not_those_within_others(shell: list[str], tmp_path: Path) -> None:
    said = _metrics(shell, tmp_path, VARZ, JSZ)
    samples = dict(line.split() for line in said.stdout.splitlines() if not line.startswith("#"))
    assert said.returncode == 0
    assert samples == {
        "gnatsd_varz_connections": "2",
        "gnatsd_varz_subscriptions": "63",
        "gnatsd_varz_routes": "8",
        "gnatsd_varz_slow_consumers": "0",
        "gnatsd_varz_mem": "15097856",
        "gnatsd_varz_cpu": "1.5",
        "gnatsd_varz_total_connections": "7",
        "gnatsd_varz_in_msgs": "30",
        "gnatsd_varz_out_msgs": "20",
        "gnatsd_varz_in_bytes": "300",
        "gnatsd_varz_out_bytes": "200",
        "jetstream_server_total_streams": "3",
        "jetstream_server_total_consumers": "4",
        "jetstream_server_total_messages": "50",
        "jetstream_server_total_message_bytes": "6000",
    }
    assert "# TYPE gnatsd_varz_in_msgs counter" in said.stdout


def test_it_fails_where_nothing_answers(shell: list[str], tmp_path: Path) -> None:
    assert _metrics(shell, tmp_path, "", "").returncode == 1


def _metrics(shell: list[str], folder: Path, varz: str, jsz: str) -> subprocess.CompletedProcess[str]:
    (folder / "nc").write_text('#!/bin/sh\nexec busybox nc "$@"\n')
    (folder / "nc").chmod(0o755)
    with answering() as nats:
        nats.given = {"/varz": varz, "/jsz": jsz}
        environ = {"PATH": f"{folder}:/usr/bin:/bin", "NOMAD_PORT_monitor": nats.url.rpartition(":")[2]}
        argv = [*shell, str(METRICS)]
        return subprocess.run(argv, capture_output=True, text=True, env=environ, check=False, timeout=30)
