"""The loop that leaves a node's numbers where they are served."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import program

EXPORT = Path(__file__).parents[3] / "jobs" / "_member" / "export.sh"


@pytest.mark.parametrize("shell", ["dash", "busybox ash"])
def test_numbers_are_there_as_long_as_they_can_be_had(shell: str, tmp_path: Path) -> None:
    argv = shell.split()
    program(argv[0], "busybox-static" if argv[0] == "busybox" else "")
    script = tmp_path / "export.sh"
    script.write_text(
        EXPORT.read_text().replace("/alloc/", f"{tmp_path}/alloc/").replace("/local/", f"{tmp_path}/")
    )
    numbers = tmp_path / "alloc/metrics/numbers.prom"
    metrics = tmp_path / "metrics.sh"
    metrics.write_text("echo a 1\n")
    loop = subprocess.Popen([*argv, str(script), "1"], stderr=subprocess.DEVNULL)
    try:
        _until(numbers.exists)
        assert numbers.read_text() == "a 1\n"
        assert numbers.stat().st_mode & 0o777 == 0o644  # the exporter is another user
        metrics.write_text("echo a 2\nexit 1\n")
        _until(lambda: not numbers.exists())
        metrics.write_text("echo a 3\n")
        _until(lambda: numbers.exists() and numbers.read_text() == "a 3\n")
    finally:
        loop.kill()
        loop.wait()


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
