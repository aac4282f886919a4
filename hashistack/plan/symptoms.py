"""All that is known about an instance that is not healthy, and which of two answers of a check says more. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hashistack.plan.actual import Json


@dataclass(frozen=True, slots=True)
class Check:
    """A health check of an instance, as Consul sees it."""

    name: str
    status: str
    output: str


@dataclass(frozen=True, slots=True)
class Symptoms:
    """All that is known about an instance: its allocation, its checks, the last lines that its tasks wrote.

    `service` is the backing service that it is a member of, "" for an instance of a process.
    """

    allocation: Json
    checks: tuple[Check, ...] = ()
    log: tuple[str, ...] = ()
    service: str = ""

    @property
    def key(self) -> str:
        """Where the descriptor speaks of it."""
        if self.service:
            return f"backing_services.{self.service}"
        return f"processes.{self.allocation['TaskGroup']}"


def tells(check: Check) -> int:
    """Rank what a check says: an answer says more than a connection that breaks, and that more than one refused."""
    if check.status == "passing" or re.search(r"HTTP \w+ \S+: \d{3}", check.output):
        return 2
    return 0 if not check.output or "connection refused" in check.output else 1
