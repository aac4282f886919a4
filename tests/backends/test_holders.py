"""What Nomad says of machines and jobs, as far as a machine may be given up by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hashistack.backends.holders import Holders
from hashistack.diagnostics import BackendError
from hashistack.plan.members import Place
from tests.backends.answers import Answers, answering

EMPTY: dict[str, Any] = {"nodes": [], "volumes": [], "volumes/claims": [], "vars": []}
DRAINED = {"SchedulingEligibility": "ineligible", "LastDrain": {"Status": "complete"}}


@pytest.fixture
def nomad() -> Iterator[Answers]:
    with answering() as told:
        yield told


def holders(nomad: Answers) -> Holders:
    return Holders(nomad.endpoint("Consul"), nomad.endpoint("Nomad"))


def idle(nomad: Answers, changes: dict[str, Any], status: str = "complete") -> bool:
    """Tell whether a machine counts as drained on which an instance has this status."""
    node = {"ID": "n-1", "Name": "n1", "Status": "ready", "Drain": False, **changes}
    instance = {"CreateIndex": 1, "NodeID": "n-1", "ClientStatus": status, "DesiredStatus": "stop"}
    nomad.given = {**EMPTY, "nodes": [node], "job/shop-db/allocations": [instance]}
    (machine,) = holders(nomad).read(["shop-db"]).machines
    return machine.idle


def test_a_machine_that_was_drained_to_the_end_is_idle(nomad: Answers) -> None:
    assert idle(nomad, DRAINED)


@pytest.mark.parametrize(
    "changes",
    [
        {"Drain": True},
        {"SchedulingEligibility": "eligible"},
        {"LastDrain": None},
        {"LastDrain": {"Status": "canceled"}},
        {"LastDrain": {"Status": "draining"}},
    ],
)
def test_one_that_was_not_is_alive(nomad: Answers, changes: dict[str, Any]) -> None:
    assert not idle(nomad, {**DRAINED, **changes})


def test_nor_is_one_on_which_a_member_runs(nomad: Answers) -> None:
    assert not idle(nomad, DRAINED, status="running")


def test_the_stand_ins_that_the_cluster_remembers_are_those_with_an_authority(nomad: Answers) -> None:
    paths = [{"Path": "hashistack/stand-ins/shop-db"}, {"Path": "hashistack/stand-ins/shop-eu-db"}]
    nomad.given = {**EMPTY, "vars": paths}
    assert holders(nomad).read([]).remembered == {"shop-db", "shop-eu-db"}


@pytest.mark.parametrize("missing", EMPTY)
def test_a_list_that_is_missing_is_no_empty_one(nomad: Answers, missing: str) -> None:
    nomad.given = {path: found for path, found in EMPTY.items() if path != missing}
    nomad.given["job/shop-db/allocations"] = []
    with pytest.raises(BackendError, match=missing):
        holders(nomad).read(["shop-db"])


PLACE = Place("hashistack/shop-db/members/2", "shop-db", "2", "n-1", "10.0.0.2", 7)
KEY = f"kv/{PLACE.key}"


def test_a_place_is_released_though_somebody_who_waited_for_it_has_it_at_once(nomad: Answers) -> None:
    nomad.given = {f"DELETE {KEY}": "true\n", KEY: [{"Key": PLACE.key, "ModifyIndex": 8}]}
    holders(nomad).release_place(PLACE)
    assert nomad.changes == [("DELETE", f"{KEY}?cas=7", None)]


def test_a_place_that_is_another_s_by_now_is_not(nomad: Answers) -> None:
    nomad.given = {f"DELETE {KEY}": "false\n"}
    with pytest.raises(BackendError, match="changed by somebody else"):
        holders(nomad).release_place(PLACE)


@pytest.mark.parametrize(
    ("answer", "runs"),
    [({"Stop": False}, True), ({"Stop": True}, False), ((404, "job not found"), False)],
)
def test_a_job_runs_unless_it_is_stopped_or_gone(nomad: Answers, answer: object, runs: bool) -> None:
    nomad.given = {"job/shop-db": answer}
    assert holders(nomad).runs("shop-db") is runs
