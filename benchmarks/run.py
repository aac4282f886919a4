"""Measure hashistack against luma-infra on this machine, in one run, and print the table.

Every row is a pair of commands that are run in turn, so that a slow moment of the machine hits both. CPU time, wall
time and peak memory come from the kernel (`wait4`) for each process; the table shows medians and their ratio.

    python benchmarks/run.py --luma .venv-luma/bin/luma
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HASHISTACK = Path(sys.executable).parent / "hashistack"
PYTHON = sys.executable
MEMORY_GOAL = 80
"""The peak of a render, in MiB."""


@dataclass(frozen=True)
class Cost:
    """What one process took: CPU and wall time in milliseconds, peak resident memory in MiB."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Command:
    """A command line, its folder, and what to do before each run, which is not measured."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Row:
    """Ours against theirs; the goal is a ratio of CPU times, and of wall times."""

    what: str
    goal: float
    ours: Command
    theirs: Command
    rounds: int


def run(command: Command) -> Cost:
    """Run a command once; raise RuntimeError if it fails."""
    command.before()
    os.chdir(command.folder)
    with Path(os.devnull).open("w") as nowhere:
        streams = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), stream) for stream in (1, 2)]
        start = time.perf_counter()
        process = os.posix_spawn(command.arguments[0], command.arguments, os.environ, file_actions=streams)
        _, status, usage = os.wait4(process, 0)
        wall = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{command.name} ended with status {status}: {' '.join(command.arguments)}")
    return Cost(1000 * (usage.ru_utime + usage.ru_stime), 1000 * wall, usage.ru_maxrss / 1024)


def measure(row: Row) -> tuple[Cost, Cost]:
    """Return the medians of both commands of a row, run in turn after one round that warms caches."""
    costs = [(run(row.ours), run(row.theirs)) for _ in range(row.rounds + 1)][1:]
    return median([ours for ours, _ in costs]), median([theirs for _, theirs in costs])


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each quantity on its own."""
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.memory for cost in costs),
    )


def rows(work: Path, luma: Path) -> list[Row]:
    """Return the rows of the table, with their input written below `work`."""
    shop, bare, many = work / "shop", work / "bare", work / "many"
    for folder in (shop, bare, many / "ours", many / "theirs"):
        folder.mkdir(parents=True)
    shutil.copy(HERE / "shop.yaml", shop / "hashistack.yaml")
    luma_app = (HERE / "luma.yaml").read_bytes()
    (bare / "app.yaml").write_bytes(luma_app)
    small = (HERE / "small.yaml").read_bytes()
    for number in range(1000):
        (many / "ours" / f"{number:04}.yaml").write_bytes(small.replace(b"NUMBER", str(number).encode()))
        (many / "theirs" / f"{number:04}.yaml").write_bytes(luma_app.replace(b"NUMBER", str(number).encode()))

    def from_nothing() -> None:
        """Remove the rendered files, so that all of them are rendered and written."""
        shutil.rmtree(shop / "stack", ignore_errors=True)

    luma_python = str(luma.parent / "python")
    cold = Command("render", (str(HASHISTACK), "render"), shop, from_nothing)
    dry_run = Command("luma dry run", (str(luma), "deploy", "app.yaml", "--dry-run"), bare)
    ours = Command("1,000 of ours", (PYTHON, str(HERE / "many_hashistack.py"), str(many / "ours")), work)
    theirs = Command("1,000 of luma's", (luma_python, str(HERE / "many_luma.py"), str(many / "theirs")), work)
    unchanged = Command("unchanged", (str(HASHISTACK), "render"), shop)
    nothing = Command("pass", (PYTHON, "-c", "pass"), work)
    return [
        Row(
            "render, cold: 5 environments, 5 backing services, against luma's dry run of 1 job",
            0.5,
            cold,
            dry_run,
            20,
        ),
        Row(
            "1,000 small descriptors to validated jobs in one process, against luma's library",
            0.5,
            ours,
            theirs,
            5,
        ),
        Row("nothing changed, against `python -c pass`", 5, unchanged, nothing, 20),
    ]


def report(row: Row, ours: Cost, theirs: Cost) -> str:
    """Return one row as text."""
    ratio = ours.cpu / theirs.cpu
    verdict = "reached" if ratio <= row.goal else "MISSED"
    return (
        f"{row.what}\n"
        f"    CPU  {ours.cpu:8.0f} ms  /{theirs.cpu:8.0f} ms  = {ratio:5.2f}   goal {row.goal:g}: {verdict}\n"
        f"    wall {ours.wall:8.0f} ms  /{theirs.wall:8.0f} ms  = {ours.wall / theirs.wall:5.2f}\n"
        f"    peak {ours.memory:8.0f} MiB /{theirs.memory:8.0f} MiB = {ours.memory / theirs.memory:5.2f}"
    )


def main() -> None:
    """Measure all rows and print the table."""
    parser = argparse.ArgumentParser(description="Measure hashistack against luma-infra.")
    parser.add_argument(
        "--luma", type=Path, required=True, help="the luma command, in a virtual environment of its own"
    )
    luma = parser.parse_args().luma.absolute()
    with tempfile.TemporaryDirectory() as work:
        os.environ["XDG_CACHE_HOME"] = f"{work}/cache"
        table = rows(Path(work), luma)
        measured = [(row, *measure(row)) for row in table]
        os.chdir(HERE)
    for row, ours, theirs in measured:
        print(report(row, ours, theirs))
    memory = measured[0][1].memory
    verdict = "reached" if memory <= MEMORY_GOAL else "MISSED"
    print(f"peak memory of a render\n    {memory:.0f} MiB   goal {MEMORY_GOAL}: {verdict}")


if __name__ == "__main__":
    main()
