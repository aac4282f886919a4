"""Waiting for what somebody else does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float, tick: float = 0.5) -> T:
    """Ask every `tick` seconds until a condition holds, or `seconds` are over; return its last answer."""
    end = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() <= end:
        time.sleep(tick)
    return answer


def asked_again(
    ask: Callable[[], T], passes: Callable[[Exception], bool], tries: int, pause: float = 0.0
) -> T:
    """Ask up to `tries` times, `pause` seconds apart, while what is raised is such that it passes by itself."""
    for _ in range(tries - 1):
        try:
            return ask()
        except Exception as error:
            if not passes(error):
                raise
        time.sleep(pause)
    return ask()
