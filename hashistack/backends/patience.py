"""Waiting for what somebody else does."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float, tick: float = 0.5) -> bool:
    """Ask every `tick` seconds until a condition holds; tell whether it did within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(tick)
    return True
