"""The loop that leaves a node's numbers where they are served."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bed.processes import wait_for

EXPORT = Path(__file__).parents[3] / "jobs" / "_member" / "export.sh"


def test_numbers_are_there_as_long_as_they_can_be_had(shell: list[str], tmp_path: Path) -> None:
    script = tmp_path / "export.sh"
    script.write_text(
        EXPORT.read_text().replace("/alloc/", f"{tmp_path}/alloc/").replace("/local/", f"{tmp_path}/")
    )
    numbers = tmp_path / "alloc/metrics/numbers.prom"
    metrics = tmp_path / "metrics.sh"
    metrics.write_text("echo a 1\n")
    loop = subprocess.Popen([*shell, str(script), "1"], stderr=subprocess.DEVNULL)
    try:
        wait_for(numbers.exists, seconds=30)
        assert numbers.read_text() == "a 1\n"
        assert numbers.stat().st_mode & 0o777 == 0o644  # the exporter is another user
        metrics.write_text("echo a 2\nexit 1\n")
        wait_for(lambda: not numbers.exists(), seconds=30)
        metrics.write_text("echo a 3\n")
        wait_for(lambda: numbers.exists() and numbers.read_text() == "a 3\n", seconds=30)
    finally:
        loop.kill()
        loop.wait()
