"""What the doctor is told: each host's own report, and what the servers of both products say. Values only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hashistack.model import Stack
from hashistack.plan.hosts import Reach
from hashistack.plan.report import Answer

Level = Literal["ok", "warning", "error"]

_FACT = re.compile(r"([A-Za-z0-9_]+)='(.*)'")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `area` and `where` say what and on what; `fix` is empty where all is well."""

    level: Level
    area: str
    where: str
    what: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a host said of itself, by the names of `bootstrap.sh report`; `skew`: seconds that its clock is ahead."""

    host: str
    reach: Reach
    detail: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    skew: float | None = None

    def number(self, name: str) -> int | None:
        """Return a fact that is a whole number, None without it."""
        text = self.facts.get(name, "")
        return int(text) if text.lstrip("-").isdigit() else None


@dataclass(frozen=True, slots=True)
class Peer:
    """A server as raft and autopilot see it."""

    name: str
    voter: bool
    healthy: bool
    version: str


@dataclass(frozen=True, slots=True)
class Product:
    """What the servers of Consul or Nomad say; `problem` is why they could not be asked, "" if they were."""

    name: str
    problem: str = ""
    leader: bool = False
    peers: tuple[Peer, ...] = ()
    token_expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that runs instances, as Nomad knows it; `status`: ready, down, disconnected or initializing."""

    name: str
    status: str
    eligible: bool
    draining: bool
    docker: bool


@dataclass(frozen=True, slots=True)
class Failing:
    """A check in Consul that does not pass; `node` is the machine, `service` is empty for a check of the machine."""

    node: str
    service: str
    check: str
    status: str
    output: str


@dataclass(frozen=True, slots=True)
class Checkup:
    """All that is known of a cluster: ends of this machine's `certificates` by name, owners of `orphans`' tokens.

    `answers` are the reports of the stand-ins that were begun, by job.
    """

    stack: Stack
    now: datetime
    reports: tuple[Report, ...] = ()
    products: tuple[Product, ...] = ()
    machines: tuple[Machine, ...] = ()
    failing: tuple[Failing, ...] = ()
    certificates: Mapping[str, datetime] = field(default_factory=dict)
    orphans: tuple[str, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)


def read_report(text: str) -> dict[str, str]:
    """Read lines NAME='value'; a quote in a value is written '\\'' as shells do. Other lines are left out."""
    found = (_FACT.fullmatch(line.strip()) for line in text.splitlines())
    return {match[1]: match[2].replace("'\\''", "'") for match in found if match}
