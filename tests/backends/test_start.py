"""Starts of the local agents that were interrupted, with a program in Nomad's place and a stub in Consul's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hashistack.backends import agents
from hashistack.backends.agents import LocalAgents
from hashistack.backends.endpoint import consul_endpoint, nomad_endpoint
from hashistack.backends.state import state_folder
from hashistack.diagnostics import BackendError
from tests.backends.stub import Stub

_FAKE = Path(__file__).with_name("fake_nomad.py")
_NETWORK = '[{"Options": {"com.docker.network.bridge.name": "lo"}}]'


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder, on PATH, with a docker and a nomad."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/sh\necho '{_NETWORK}'\n")
    (folder / "nomad").write_text(f"#!{sys.executable}\n{_FAKE.read_text()}")
    for program in folder.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def local(tmp_path: Path, programs: Path, stub: Stub, nobody: str) -> Iterator[LocalAgents]:
    stub.answer, stub.headers = {}, {"X-Consul-Index": "1"}
    environ = {"NOMAD_ADDR": nobody, "CONSUL_HTTP_ADDR": stub.url, "PATH": f"{programs}:/usr/bin:/bin"}
    nomad = nomad_endpoint(environ)
    state = state_folder({"XDG_STATE_HOME": str(tmp_path / "state")}, nomad)
    started = LocalAgents(nomad, consul_endpoint(environ), state, environ)
    yield started
    started.stop()


def interrupted(local: LocalAgents, reason: Path, patience: pytest.MonkeyPatch) -> None:
    """Start as long as `reason` keeps Nomad from being ready, and give up."""
    reason.touch()
    with patience.context() as short:
        short.setattr(agents, "_READY_PATIENCE", 1.0)
        with pytest.raises(BackendError, match="nomad did not start"):
            local.start()
    reason.unlink()
    assert local.ours() == ("nomad",)


def starts(programs: Path) -> list[str]:
    return (programs / "starts").read_text().splitlines()


def test_a_new_server_is_started_once_without_its_client(local: LocalAgents, programs: Path) -> None:
    assert local.start() == ("nomad",)
    assert starts(programs) == ["server only", "client"]
    assert local.start() == ()
    assert local.ours() == ("nomad",)


def test_a_start_that_ended_in_its_first_stage_is_begun_again(
    local: LocalAgents, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(local, programs / "hold", monkeypatch)
    monkeypatch.setattr(agents, "_READY_PATIENCE", 10.0)
    assert local.start() == ("nomad",)
    assert starts(programs) == ["server only", "server only", "client"]


def test_an_agent_that_is_not_ready_yet_is_waited_for(
    local: LocalAgents, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (local.state.agent("nomad") / "data" / "server").mkdir(parents=True)
    interrupted(local, programs / "deaf", monkeypatch)
    assert local.start() in (("nomad",), ())  # nothing is left to wait for where it has become ready since
    assert local.start() == ()
    assert starts(programs) == ["client"]
