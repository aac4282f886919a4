"""How the members of stand-ins are shown."""

from __future__ import annotations

import io
import json

from hashistack.diagnostics import Exit
from hashistack.plan.report import read
from hashistack.plan.status import ServiceStatus, Status
from hashistack.views.console import Console
from hashistack.views.status import show

REPORT = read(
    "leader=2\nquorum=yes\nfull=no\nunder_replicated=3 partitions\nlag=12 messages\nversion=4.3.1\n"
    "member.1=10.0.0.1 voter ok\nmember.2=10.0.0.2 leader ok\n"
)
EVENTS = ServiceStatus("events", "kafka", "shop-events", True, False, ("10.0.0.1:10000",), REPORT)
CACHE = ServiceStatus("cache", "redis", "shop-cache", True, False, (), None, "no member runs")


def shown(*services: ServiceStatus, as_json: bool = False) -> str:
    out = io.StringIO()
    status = Status("shop", "factory", "v1", (), services, (), None, ())
    show(Console(out, io.StringIO(), json=as_json), status, Exit.DONE)
    return out.getvalue()


def test_members_leader_lag_and_what_lacks_copies() -> None:
    lines = [line.split() for line in shown(EVENTS).splitlines()]
    assert ["events", "2", "yes", "missing:", "3", "partitions", "12", "messages", "4.3.1"] in lines
    assert ["events", "1", "10.0.0.1", "voter", "ok"] in lines
    assert ["events", "2", "10.0.0.2", "leader", "ok"] in lines


def test_one_that_does_not_answer_says_so() -> None:
    assert "cache     does not answer: no member runs" in shown(CACHE)


def test_without_stand_ins_there_is_no_table_of_them() -> None:
    managed = ServiceStatus("db", "postgres", "shop-db", True, True, ())
    assert "stand-in" not in shown(managed)


def test_programs_get_the_same() -> None:
    (service,) = json.loads(shown(EVENTS, as_json=True))["status"]["backing_services"]
    assert service["report"]["leader"] == "2"
    assert service["report"]["under_replicated"] == "3 partitions"
    assert service["report"]["members"][0] == {
        "id": "1",
        "address": "10.0.0.1",
        "role": "voter",
        "state": "ok",
    }
