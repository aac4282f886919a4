"""`exec`, `replace-node`, `backup` and `restore` of services as an operator calls them, on a real Nomad."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hashistack.backends.endpoint import Endpoint
from hashistack.backends.instances import Instances
from tests.bed.agents import Agents
from tests.local import api

DESCRIPTOR = """\
app: hello
image: hashistack-test/busybox:1
processes:
  web: {command: serve, port: 8000}
environments:
  laptop: {target: local}
"""
JOB = (Path(__file__).parents[1] / "bed" / "hello.nomad.hcl").read_text()
ROOT = Path(__file__).parents[2]

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def hello(cluster: Agents, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("hello")
    (folder / "hashistack.yaml").write_text(DESCRIPTOR)
    environment = {**cluster.environment(), "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state")}

    def run(
        *arguments: str, given: bytes = b"", stdin: int | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        source: dict[str, Any] = {"input": given} if stdin is None else {"stdin": stdin}
        return subprocess.run(
            [sys.executable, "-m", "hashistack", *arguments],
            **source,
            cwd=folder,
            env=environment,
            capture_output=True,
            check=False,
            timeout=60,
        )

    job = api.submit(cluster.nomad_addr, JOB)
    api.until(lambda: api.running(cluster.nomad_addr, job))
    yield run
    api.purge(cluster.nomad_addr, job)


def test_a_command_runs_in_a_process(hello: Run) -> None:
    done = hello("exec", "web", "--", "sh", "-c", "cat; echo no >&2; exit 7", given=b"\x00\xff given\n")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"\x00\xff given\n", b"no\n")


def test_it_ends_before_what_is_piped_in_does(hello: Run) -> None:
    reading, writing = os.pipe()
    try:
        done = hello("exec", "web", "--", "echo", "done", stdin=reading)
    finally:
        os.close(reading)
        os.close(writing)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"done\n", b"")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("exec", "web"), 64, "HS743"),
        (("exec", "other", "--", "true"), 64, "HS733"),
        (("replace-node", "elsewhere", "--yes"), 64, "HS735"),
        (("backup", "db"), 64, "HS733"),
        (("restore", "db", "hashistack.yaml"), 64, "HS733"),
        (("restore",), 64, "HS742"),
        (("restore", "a", "b", "c"), 64, "HS742"),
    ],
)
def test_what_is_refused(hello: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = hello(*arguments)
    assert done.returncode == code, done.stderr.decode()
    assert said in done.stderr.decode()


def test_a_machine_that_is_alive_is_not_given_up(hello: Run, cluster: Agents) -> None:
    (machine,) = api.get(cluster.nomad_addr, "/v1/nodes")
    done = hello("replace-node", machine["Name"], "--yes")
    assert done.returncode == 1
    assert "HS734" in done.stderr.decode()


def test_an_instance_lives_as_long_as_a_task_of_it_runs(hello: Run, cluster: Agents) -> None:
    instances = Instances(Endpoint("Nomad", cluster.nomad_addr))
    (claim,) = (each for each in instances.claimed() if each.job == "hello")
    assert instances.lives(claim)
    assert hello("exec", "web", "--", "true").returncode == 0, "it did not mind to be asked"
    assert not instances.lives(replace(claim, id="00000000-0000-0000-0000-000000000000"))
    instances.replace(claim)
    api.until(lambda: not instances.lives(claim))
    api.until(
        lambda: [each["ID"] for each in api.running(cluster.nomad_addr, "hello")] not in ([], [claim.id])
    )
