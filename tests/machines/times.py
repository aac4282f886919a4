"""How long the steps of the story take: measured here, printed as a table when the tests are over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """Hold what one step took, in seconds, and what there is to say about it."""

    name: str
    seconds: float
    note: str = ""
    goal: float | None = None

    def __str__(self) -> str:
        missed = ", missed" if self.goal and self.seconds > self.goal else ""
        goal = f" (goal {self.goal:g} s{missed})" if self.goal else ""
        return f"{self.seconds:7.1f} s  {self.name}{goal}{f': {self.note}' if self.note else ''}"


STEPS: list[Step] = []
# Goals are for a machine that does nothing else. The one that runs the tests may; three times as long is a fault.
PATIENCE = 3


@dataclass(slots=True)
class Watch:
    """Be the step that is under way; ``note`` may be set until it ends."""

    note: str = ""
    seconds: float = 0.0


@contextmanager
def step(name: str, *, goal: float | None = None) -> Iterator[Watch]:
    """Measure a step and hold it against its goal, in seconds; one that takes ``PATIENCE`` times as long fails."""
    watch, started = Watch(), time.monotonic()
    try:
        yield watch
    finally:
        watch.seconds = time.monotonic() - started
        STEPS.append(Step(name, watch.seconds, watch.note, goal))
    assert goal is None or watch.seconds <= PATIENCE * goal, (
        f"{name} took {watch.seconds:.0f} s, the goal is {goal:g} s"
    )


def record(name: str, seconds: float, *, goal: float | None = None, note: str = "") -> None:
    """Note a step whose time somebody else measured, and hold it against its goal as ``step`` does."""
    STEPS.append(Step(name, seconds, note, goal))
    assert goal is None or seconds <= PATIENCE * goal, f"{name} took {seconds:.0f} s, the goal is {goal:g} s"
