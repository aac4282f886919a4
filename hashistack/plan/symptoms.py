"""All that is known about an instance that is not healthy, and which of two answers of a check says more. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hashistack.plan import names
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

    `service` is the backing service that it is for, "" for an instance of a process.
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


def service_of(job: Json) -> str:
    """Return the backing service that a job is for, "" for one of the app's own; companions have its name and more."""
    meta = job.get("Meta") or {}
    name = str(job["ID"]).removeprefix(f"{meta.get(names.OWNER)}-")
    if names.NODES in meta:
        return name
    return name.rpartition("-")[0] if names.ENGINE in meta else ""


def doing(allocation: Json) -> str:
    """Say what Nomad said last of an instance."""
    states = (allocation.get("TaskStates") or {}).values()
    events = [event for state in states for event in state["Events"] or []]
    return str(events[-1]["DisplayMessage"]) if events else "not started yet"


def tells(check: Check) -> int:
    """Rank what a check says: an answer says more than a connection that breaks, and that more than one refused."""
    if check.status == "passing" or re.search(r"HTTP \w+ \S+: \d{3}", check.output):
        return 2
    return 0 if not check.output or "connection refused" in check.output else 1
