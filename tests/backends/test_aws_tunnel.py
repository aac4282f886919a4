"""Tunnels with an `aws` of our own in the place of the real one: opened, opened anew, ended in every case."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from hashistack.backends.aws_tunnel import Tunnel
from hashistack.diagnostics import BackendError
from tests.backends.stub import Stub
from tests.bed import processes
from tests.bed.forwarding import ROOT, put_programs, write_targets

PORT = 4646
_OWNER = """
import sys, time
from hashistack.backends.aws_tunnel import Tunnel
tunnel = Tunnel("eu-west-1", 4646, lambda: ["i-1"])
tunnel.open(10)
print(tunnel.local, flush=True)
time.sleep(60)
"""


@pytest.fixture
def programs(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    put_programs(folder, {"i-1": {str(PORT): port_of(stub)}})
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def port_of(stub: Stub) -> int:
    return int(stub.url.rpartition(":")[2])


def said(tunnel: Tunnel) -> str:
    """Ask through the tunnel; the stub speaks no TLS."""
    url = tunnel.address.replace("https", "http")
    with urllib.request.urlopen(f"{url}/v1/status/leader", timeout=5) as answer:
        text: str = answer.read().decode()
    return text


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(true: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def calls(programs: Path) -> list[list[str]]:
    return [json.loads(line) for line in (programs / "calls").read_text().splitlines()]


def test_a_tunnel_leads_to_the_server(programs: Path, stub: Stub) -> None:
    stub.answer = {"leader": "10.0.0.11:4647"}
    tunnel = Tunnel("eu-west-1", PORT, lambda: ["i-1"])
    tunnel.open(10)
    assert json.loads(said(tunnel)) == stub.answer
    tunnel.close()
    assert not listens(tunnel.local)
    (call,) = calls(programs)
    assert call[:6] == ["ssm", "start-session", "--region", "eu-west-1", "--target", "i-1"]
    assert call[6:8] == ["--document-name", "AWS-StartPortForwardingSession"]
    assert json.loads(call[9]) == {"portNumber": ["4646"], "localPortNumber": [str(tunnel.local)]}


def test_a_machine_that_is_not_known_yet_is_asked_again(programs: Path, stub: Stub) -> None:
    write_targets(programs, {})
    known = {"i-1": {str(PORT): port_of(stub)}}
    threading.Timer(1.0, write_targets, (programs, known)).start()
    tunnel = Tunnel("eu-west-1", PORT, lambda: ["i-1"])
    tunnel.open(15)
    assert len(calls(programs)) > 1
    tunnel.close()


def test_patience_ends(programs: Path) -> None:
    write_targets(programs, {})
    with pytest.raises(BackendError, match="i-1 is not connected"):
        Tunnel("eu-west-1", PORT, lambda: ["i-1"]).open(0)
    with pytest.raises(BackendError, match="no server runs"):
        Tunnel("eu-west-1", PORT, lambda: []).open(0)


def test_a_refusal_is_told_at_once(programs: Path) -> None:
    write_targets(programs, {"i-1": {}})
    start = time.monotonic()
    with pytest.raises(BackendError, match="AccessDeniedException"):
        Tunnel("eu-west-1", PORT, lambda: ["i-1"]).open(60)
    assert time.monotonic() - start < 20


def test_a_tunnel_that_dies_is_opened_anew_to_a_server_that_there_is(programs: Path, stub: Stub) -> None:
    stub.answer, there = {"leader": "10.0.0.11:4647"}, ["i-1"]
    tunnel = Tunnel("eu-west-1", PORT, lambda: list(there))
    tunnel.open(10)
    there[:] = ["i-2"]
    write_targets(programs, {"i-2": {str(PORT): port_of(stub)}})
    assert tunnel._process
    os.killpg(tunnel._process.pid, signal.SIGKILL)
    until(lambda: len(calls(programs)) > 1 and listens(tunnel.local))
    assert json.loads(said(tunnel)) == stub.answer
    assert "i-2" in calls(programs)[-1]
    tunnel.close()


def test_a_tunnel_leaves_a_server_before_it_goes(programs: Path, stub: Stub) -> None:
    known = {str(PORT): port_of(stub)}
    write_targets(programs, {"i-1": known, "i-2": known})
    there = ["i-1", "i-2"]
    tunnel = Tunnel("eu-west-1", PORT, lambda: list(there))
    tunnel.open(10)
    there[:] = ["i-2"]
    until(lambda: "i-2" in calls(programs)[-1] and listens(tunnel.local))
    there[:] = []  # nobody is better than it: it stays
    time.sleep(6)
    assert len(calls(programs)) == 2
    tunnel.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_nothing_of_it_outlives_its_owner(programs: Path, number: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    )
    assert owner.stdout
    local = int(owner.stdout.readline())
    assert listens(local)
    owner.send_signal(number)
    owner.wait(20)
    owner.stdout.close()
    until(lambda: not listens(local))
    until(lambda: not processes.with_sign(str(programs)))


def test_programs_that_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError) as caught:
        Tunnel("eu-west-1", PORT, lambda: ["i-1"]).open(10)
    (problem,) = caught.value.diagnostics
    assert problem.code == "HS636"
    assert problem.summary.startswith("aws and session-manager-plugin are not on PATH")
