"""What a node of PostgreSQL says of its cluster, from documents that Patroni's REST API gave."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "jobs" / "postgres" / "report.py"


@pytest.fixture(scope="module", name="script")
def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("postgres_report", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def member(number: int, role: str, state: str = "streaming", lag: int | str = 0) -> dict[str, Any]:
    return {"name": f"node-{number}", "role": role, "state": state, "host": f"10.0.0.{number}", "lag": lag}


LEADER = member(1, "leader", "running")


def test_three_nodes_with_every_copy(script: ModuleType) -> None:
    members = [LEADER, member(2, "quorum_standby"), member(3, "quorum_standby", lag=120)]
    assert script.report(members, 3) == {
        "leader": "1",
        "quorum": "yes",
        "full": "yes",
        "safe": "yes",
        "lag": "120 bytes",
        "member.1": "10.0.0.1 leader running",
        "member.2": "10.0.0.2 replica streaming",
        "member.3": "10.0.0.3 replica streaming",
    }


@pytest.mark.parametrize(
    ("members", "full", "safe"),
    [
        ([LEADER, member(2, "quorum_standby")], "no", "yes"),  # one has died
        ([LEADER, member(2, "quorum_standby"), member(3, "replica", "starting", "unknown")], "no", "yes"),
        ([LEADER, member(2, "replica"), member(3, "replica")], "no", "no"),  # none has all commits for sure
        ([LEADER], "no", "no"),
        ([member(2, "quorum_standby"), member(3, "quorum_standby")], "no", "no"),  # a new one is being chosen
        ([], "no", "no"),
    ],
)
def test_of_three_nodes_some_are_missing(
    script: ModuleType, members: list[dict[str, Any]], full: str, safe: str
) -> None:
    found = script.report(members, 3)
    assert (found["full"], found["safe"]) == (full, safe)
    assert ("unsafe" in found) == (safe == "no")


def test_one_node_is_whole_by_itself(script: ModuleType) -> None:
    found = script.report([LEADER], 1)
    assert (found["full"], found["safe"], found["quorum"]) == ("yes", "yes", "yes")
