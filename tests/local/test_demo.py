"""What `make demo` runs, run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bed import network
from tests.bed.engine import Engine

REPOSITORY = Path(__file__).parents[2]


def test_the_demo_goes_from_the_descriptor_to_an_answer(
    docker: Engine, nomad_binary: Path, consul_binary: Path, tmp_path: Path
) -> None:
    nomad, consul = network.free_ports(2)
    world = {
        **docker.environment(),
        "NOMAD_ADDR": f"http://127.0.0.1:{nomad}",
        "CONSUL_HTTP_ADDR": f"http://127.0.0.1:{consul}",
        "XDG_STATE_HOME": str(tmp_path),
    }
    command = [sys.executable, "-m", "examples.demo"]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=world,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ('"greeting":"hello"', '"state":"done"', "From the descriptor to an answer"):
        assert word in done.stdout
