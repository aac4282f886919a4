"""What a stand-in says of itself, and what may be concluded from it."""

from __future__ import annotations

import pytest

from hashistack.plan.actual import Json
from hashistack.plan.report import Answer, Member, Report, askable, leader_first, misgivings, read

KAFKA = """\
leader=2
quorum=yes
full=no
safe=yes
lag=12 messages
under_replicated=3 partitions
version=4.3.1
member.1=10.0.0.1 voter ok
member.10=10.0.0.10 observer catching up, slowly
member.2=10.0.0.2 leader ok
topic.orders=6 3
some words of a tool
"""


def test_every_key_has_its_place() -> None:
    report = read(KAFKA)
    assert (report.leader, report.quorum, report.full, report.safe) == ("2", True, False, True)
    assert (report.lag, report.under_replicated, report.version) == ("12 messages", "3 partitions", "4.3.1")
    assert report.members == (
        Member("1", "10.0.0.1", "voter", "ok"),
        Member("2", "10.0.0.2", "leader", "ok"),
        Member("10", "10.0.0.10", "observer", "catching up, slowly"),
    )
    assert report.facts == {"topic.orders": "6 3"}


def test_what_is_not_said_is_not_known() -> None:
    assert read("") == Report()
    assert read("quorum=perhaps\nmember.1=10.0.0.1\n").quorum is None
    assert read("member.1=10.0.0.1").members == (Member("1", "10.0.0.1", "", ""),)


@pytest.mark.parametrize("nothing", ["0", "0 partitions", "0.0 bytes"])
def test_nothing_that_lacks_copies_is_nothing_to_show(nothing: str) -> None:
    assert read(f"under_replicated={nothing}").under_replicated == ""
    assert read("under_replicated=05 partitions").under_replicated == "05 partitions"


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (None, "cannot be asked: no member runs"),
        (Report(full=True, safe=True), "no quorum"),
        (Report(quorum=False, full=True, safe=True), "no quorum"),
        (Report(quorum=True, full=False), "does not tell whether"),
        (Report(quorum=True), "does not tell whether"),
        (Report(quorum=True, full=True, safe=False), "do not have everything"),
        (Report(quorum=True, safe=False, unsafe="orders has one copy"), "orders has one copy"),
    ],
)
def test_a_member_is_not_given_up_on_a_guess(report: Report | None, reason: str) -> None:
    (told,) = misgivings(Answer(report, "no member runs"))
    assert reason in told


@pytest.mark.parametrize("full", [True, False, None])
def test_what_counts_is_whether_the_others_have_everything(full: bool | None) -> None:
    assert misgivings(Answer(Report(quorum=True, full=full, safe=True))) == ()
    assert misgivings(Answer(Report(quorum=True, full=True))) == ()


def allocation(name: str, *, healthy: bool = True, node: str = "n1", **changes: str) -> Json:
    return {
        "ID": name,
        "NodeID": node,
        "ClientStatus": "running",
        "DesiredStatus": "run",
        "DeploymentStatus": {"Healthy": healthy},
        **changes,
    }


def test_healthy_ones_are_asked_first_and_those_on_machines_that_are_away_never() -> None:
    found = askable(
        [
            allocation("a", healthy=False),
            allocation("b", node="n9"),
            allocation("c"),
            allocation("d", ClientStatus="unknown"),
            allocation("e", DesiredStatus="stop"),
            {**allocation("f"), "DeploymentStatus": None},
        ],
        frozenset({"n9"}),
    )
    assert [each["ID"] for each in found] == ["c", "a", "f"]


@pytest.mark.parametrize("leader", ["2", "10.0.0.2"])
def test_the_leader_is_found_by_id_or_address(leader: str) -> None:
    report = read(f"leader={leader}\nmember.1=10.0.0.1 a b\nmember.2=10.0.0.2 a b")
    pairs = [("10.0.0.1", allocation("a")), ("10.0.0.2", allocation("b")), ("10.0.0.3", allocation("c"))]
    assert [each["ID"] for each in leader_first(report, pairs)] == ["b", "a", "c"]
    assert [each["ID"] for each in leader_first(None, pairs)] == ["a", "b", "c"]
