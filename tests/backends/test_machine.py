"""Processes, memory and Docker of this machine; no cluster."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from hashistack.backends import docker
from hashistack.backends.agents import LocalAgents
from hashistack.backends.endpoint import consul_endpoint, nomad_endpoint
from hashistack.backends.mounts import mounted_below
from hashistack.backends.processes import Process, launch, started, stop
from hashistack.backends.state import Record, StateFolder, state_folder
from hashistack.diagnostics import BackendError, ConflictError, HashistackError
from tests.backends.stub import Stub


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = launch(["sleep", "100"], os.environ, tmp_path, tmp_path / "log")
    yield process
    stop(process)


def state(tmp_path: Path) -> StateFolder:
    return state_folder({"XDG_STATE_HOME": str(tmp_path)}, nomad_endpoint({}))


# --- processes


def test_a_process_outlives_the_session_of_the_command(sleeper: Process) -> None:
    assert sleeper.alive
    assert os.getsid(sleeper.pid) == sleeper.pid


def test_a_stopped_process_is_gone(sleeper: Process) -> None:
    stop(sleeper)
    assert not sleeper.alive
    assert started(sleeper.pid) is None
    stop(sleeper)


def test_another_process_with_the_same_number_is_never_stopped(sleeper: Process) -> None:
    stop(replace(sleeper, started="another-boot/1"))
    time.sleep(0.2)  # a signal that was sent would have arrived
    assert sleeper.alive


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hashistack.backends.processes._STOP_PATIENCE", 0.3)
    script = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(100)"
    )
    process = launch([sys.executable, "-c", script], os.environ, tmp_path, tmp_path / "log")
    while "ready" not in (tmp_path / "log").read_text():
        time.sleep(0.02)
    stop(process)
    assert not process.alive


def test_the_log_of_a_process_is_for_this_user_only(tmp_path: Path, sleeper: Process) -> None:
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


# --- memory


def test_what_was_put_into_a_cluster_is_remembered_once_and_in_order(tmp_path: Path) -> None:
    folder = state(tmp_path)
    record = folder.record("shop", "laptop").with_job("shop-cache").with_job("shop").with_job("shop-cache")
    folder.save(record.with_variable("nomad/jobs/shop"))
    assert state(tmp_path).record("shop", "laptop") == Record(
        "shop", "laptop", ("shop-cache", "shop"), ("nomad/jobs/shop",)
    )
    assert folder.recorded_apps() == ["shop"]
    folder.forget(record)
    folder.forget(record)
    assert folder.record("shop", "laptop") == Record("shop", "laptop")


def test_the_memory_is_for_this_user_only(tmp_path: Path) -> None:
    folder = state(tmp_path)
    folder.save(folder.record("shop", "laptop").with_job("shop"))
    for each in (folder.path, folder.apps):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700


def test_two_clusters_have_two_memories() -> None:
    environ = {"XDG_STATE_HOME": "/state"}
    one = state_folder(environ, nomad_endpoint({"NOMAD_ADDR": "http://127.0.0.1:4646"}))
    two = state_folder(environ, nomad_endpoint({"NOMAD_ADDR": "http://127.0.0.1:5646"}))
    assert one.path != two.path


def test_a_state_folder_that_is_not_absolute_is_ignored() -> None:
    environ = {"XDG_STATE_HOME": "relative", "HOME": "/home/ada"}
    assert state_folder(environ, nomad_endpoint({})).path.parent == Path("/home/ada/.local/state/hashistack")


def test_a_state_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = state(tmp_path / "file")
    record = Record("shop", "laptop")
    for use in (
        folder.locked("shop").__enter__,
        partial(folder.save, record),
        partial(folder.forget, record),
        partial(folder.record, "shop", "laptop"),
    ):
        with pytest.raises(HashistackError, match=f"cannot use {tmp_path}/file") as caught:
            use()
        assert caught.value.diagnostics[0].code == "HS448"


def test_who_comes_second_is_told_who_is_first(tmp_path: Path) -> None:
    first, second, third = (state(tmp_path).locked("shop") for _ in range(3))
    with first, pytest.raises(ConflictError, match=f"process {os.getpid()}"):
        second.__enter__()
    with third:
        pass


# --- mounts


def test_mounts_below_a_folder_are_found_whatever_its_name() -> None:
    mounts = rb"""proc /proc proc rw 0 0
tmpfs /home/ada\040b/nomad/data/alloc/1/web/secrets tmpfs rw 0 0
tmpfs /home/ada\040b/nomad\134x tmpfs rw 0 0
tmpfs /home/ada\040b/nomad/data/\303\244 tmpfs rw 0 0
"""
    assert mounted_below(Path("/home/ada b/nomad"), mounts) == [
        "/home/ada b/nomad/data/alloc/1/web/secrets",
        "/home/ada b/nomad/data/ä",
    ]


# --- Docker and the agents


def fake_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "docker"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_without_docker_the_way_to_get_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError) as caught:
        docker.bridge_interface()
    assert caught.value.diagnostics[0].code == "HS441"
    assert "apt-get install docker.io" in caught.value.diagnostics[0].hint


def test_an_engine_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_docker(tmp_path, monkeypatch, "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    with pytest.raises(BackendError) as caught:
        docker.bridge_interface()
    assert caught.value.diagnostics[0].code == "HS442"
    assert "Cannot connect" in caught.value.diagnostics[0].summary


def test_an_engine_in_a_virtual_machine_has_its_network_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = '{"com.docker.network.bridge.name": "nowhere0"}'
    fake_docker(tmp_path, monkeypatch, f"echo '[{{\"Options\": {options}}}]'")
    with pytest.raises(BackendError) as caught:
        docker.bridge_interface()
    assert caught.value.diagnostics[0].code == "HS443"


def test_only_containers_of_the_given_allocations_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    listing = "printf 'c1 alloc-1\\nc2 alloc-2\\nc3 alloc-1\\n'"
    fake_docker(tmp_path, monkeypatch, f'echo "$*" >> {calls}; [ "$1" = ps ] && {listing}; exit 0')
    assert docker.remove_containers(["alloc-1"]) == 2
    assert calls.read_text().splitlines()[-1] == "rm --force --volumes c1 c3"


def test_nothing_is_removed_for_no_allocation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = tmp_path / "calls"
    fake_docker(tmp_path, monkeypatch, f"echo x >> {calls}")
    assert docker.remove_containers([]) == 0
    assert not calls.exists()


def agents(tmp_path: Path, environ: dict[str, str]) -> LocalAgents:
    nomad, consul = nomad_endpoint(environ), consul_endpoint(environ)
    return LocalAgents(nomad, consul, state_folder({"XDG_STATE_HOME": str(tmp_path)}, nomad), environ)


def test_a_missing_binary_is_named_before_anything_is_started(tmp_path: Path, nobody: str) -> None:
    local = agents(tmp_path, {"NOMAD_ADDR": nobody, "CONSUL_HTTP_ADDR": nobody, "PATH": str(tmp_path)})
    with pytest.raises(BackendError) as caught:
        local.start()
    assert caught.value.diagnostics[0].code == "HS440"
    assert "consul is not on PATH" in caught.value.diagnostics[0].summary
    assert local.ours() == ()
    assert not local.remains()


def test_a_refusal_by_agents_that_run_is_told_at_once(tmp_path: Path, stub: Stub) -> None:
    stub.status, stub.answer = 403, "Permission denied"
    with pytest.raises(BackendError) as caught:
        agents(tmp_path, {"NOMAD_ADDR": stub.url, "CONSUL_HTTP_ADDR": stub.url}).start()
    assert caught.value.diagnostics[0].code == "HS402"


def test_no_agent_is_started_for_an_address_elsewhere(tmp_path: Path, nobody: str) -> None:
    elsewhere = "http://192.0.2.1:4646"  # TEST-NET-1, RFC 5737
    local = agents(tmp_path, {"NOMAD_ADDR": elsewhere, "CONSUL_HTTP_ADDR": elsewhere})
    with pytest.raises(BackendError) as caught:
        local._check_machine(("Nomad",))
    assert caught.value.diagnostics[0].code == "HS445"


def test_an_agent_inherits_nothing_that_changes_its_configuration(tmp_path: Path) -> None:
    environ = {
        "PATH": "/bin",
        "DOCKER_HOST": "unix:///d",
        "NOMAD_TOKEN": "x",
        "VAULT_ADDR": "x",
        "AWS_CA_BUNDLE": "x",
    }
    assert set(agents(tmp_path, environ)._environ()) == {"PATH", "DOCKER_HOST"}
