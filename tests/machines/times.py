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

    def __str__(self) -> str:
        return f"{self.seconds:7.1f} s  {self.name}{f': {self.note}' if self.note else ''}"


STEPS: list[Step] = []
FIRST_UP = "up, from bare machines to the shop answering"


@dataclass(slots=True)
class Watch:
    """Be the step that is under way; ``note`` may be set until it ends."""

    note: str = ""
    seconds: float = 0.0


@contextmanager
def step(name: str, *, goal: float | None = None) -> Iterator[Watch]:
    """Measure a step; one that takes longer than its goal, in seconds, fails the test."""
    watch, started = Watch(), time.monotonic()
    try:
        yield watch
    finally:
        watch.seconds = time.monotonic() - started
        STEPS.append(Step(name, watch.seconds, watch.note))
    assert goal is None or watch.seconds <= goal, f"{name} took {watch.seconds:.0f} s, the goal is {goal:g} s"
