"""The bed itself, on the real thing: what the other tests stand on, and that nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.bed import agents, cleanup, processes
from tests.bed.agents import Agents
from tests.bed.engine import Engine
from tests.local import api

ROOT = Path(__file__).parents[2]
JOB = (Path(__file__).parent / "hello.nomad.hcl").read_text()
HOLDER = """
import sys, time
from tests.bed import agents, engine
with engine.running() as docker, agents.running(docker) as bed:
    print(bed.data_dir, bed.nomad_addr, bed.nomad_pid, bed.consul_pid, flush=True)
    time.sleep(600)
"""


def address_of(bed: Agents) -> str:
    passing = api.get(bed.consul_addr, "/v1/health/service/hello?passing")
    return "".join(f"http://{one['Service']['Address']}:{one['Service']['Port']}/" for one in passing)


def test_a_service_answers_this_machine_and_containers_at_its_catalog_address(docker: Engine) -> None:
    with agents.running(docker) as bed:
        api.submit(bed.nomad_addr, JOB)
        processes.wait_for(lambda: address_of(bed) != "", seconds=30)
        url = address_of(bed)
        with urllib.request.urlopen(url, timeout=5) as answer:
            assert answer.read() == b"hello\n"
        assert docker.docker("run", "--rm", "hashistack-test/busybox:1", "wget", "-qO-", url) == "hello\n"
        assert len(cleanup.containers_of(docker, bed.data_dir)) == 1
    nothing_left(docker, bed.data_dir, bed.nomad_pid, bed.consul_pid)


def test_what_a_killed_run_left_is_swept_away(docker: Engine) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], cwd=ROOT, env=docker.environment(), stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        words = holder.stdout.readline().split()
        assert words, "the run that is to be killed did not come up"
        folder, nomad_addr, pids = Path(words[0]), words[1], [int(word) for word in words[2:]]
        api.submit(nomad_addr, JOB)
        processes.wait_for(lambda: cleanup.containers_of(docker, folder) != [], seconds=30)
        agents.sweep(docker)
        assert folder.exists(), "a run that lives was swept away"
        holder.send_signal(signal.SIGKILL)
    # Nomad too, so that nobody but the sweep is left to take the container and the mounts away.
    os.kill(pids[0], signal.SIGKILL)
    agents.sweep(docker)
    nothing_left(docker, folder, *pids)


def nothing_left(docker: Engine, folder: Path, *pids: int) -> None:
    assert not folder.exists()
    assert cleanup.containers_of(docker, folder) == []
    assert processes.mounts_below(folder) == []
    assert [pid for pid in pids if processes.is_running(pid, str(folder))] == []
    assert processes.using(folder) == []


@pytest.mark.parametrize(
    ("image", "command", "said"),
    [
        ("traefik:v3.7.15", ["version"], "3.7.15"),
        ("traefik:v3.7.15", ["--help"], "traefik"),
        ("valkey/valkey:8.1.1", ["valkey-server", "--version"], "8.1.1"),
        ("valkey/valkey:8.1.1", ["sh", "-c", "pwd; command -v valkey-cli valkey-sentinel"], "/data"),
    ],
)
def test_images_do_what_the_jobs_expect_of_them(
    docker: Engine, image: str, command: list[str], said: str
) -> None:
    assert said in docker.docker("run", "--rm", image, *command)


def test_an_image_does_not_tell_where_its_packages_came_from(docker: Engine) -> None:
    listed = docker.docker(
        "run", "--rm", "valkey/valkey:8.1.1", "sh", "-c", "cat /etc/apt/sources.list* 2>&1; true"
    )
    assert "http" not in listed
