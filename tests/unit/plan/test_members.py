"""Machines that are away: what becomes of the stand-ins that have members there, and what `up` does about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from hashistack.diagnostics import ConflictError, Diagnostic
from hashistack.model import Stack
from hashistack.plan.actual import Actual, JobState
from hashistack.plan.members import Place, check_members, lacking, lost_for_good, warnings
from hashistack.plan.planner import plan_up
from hashistack.plan.steps import RunRelease, Step, StoreSecrets
from hashistack.plan.volumes import Node
from tests.unit.plan.stacks import LOCAL, all_there, stack, wanted

TEXT = """\
app: shop
image: registry.example.com/shop
processes:
  worker: {command: work}
backing_services:
  cache: {type: redis}
  db: {type: postgres, nodes: 3}
environments:
  factory:
    target: onprem
    domain: shop.lan
    ssh: {user: root}
    hosts:
      h1: {address: 10.0.0.1, roles: [server, client, ingress]}
      h2: {address: 10.0.0.2, roles: [server, client]}
      h3: {address: 10.0.0.3, roles: [server, client]}
"""
SHOP = stack(TEXT)
CLOUD = replace(SHOP, environment=replace(SHOP.environment, target="aws"))


def node(number: int, *, away: bool = False) -> Node:
    return Node(
        f"id-{number}", f"h{number}", "default", "", f"10.0.0.{number}", takes=not away, free=1, away=away
    )


def place(job: str, member: int, number: int) -> Place:
    return Place(
        f"hashistack/{job}/members/{member}", job, str(member), f"id-{number}", f"10.0.0.{number}", 1
    )


PLACES = (
    place("shop-cache", 1, 2),
    *(place("shop-db", number, number) for number in (1, 2, 3)),
)


def actual(*nodes: Node) -> Actual:
    return Actual(nodes=nodes, places=PLACES)


def problems(found: Actual, shop: Stack = SHOP) -> list[Diagnostic]:
    with pytest.raises(ConflictError) as caught:
        check_members(shop, found)
    return list(caught.value.diagnostics)


def test_nothing_is_said_where_all_machines_are_there() -> None:
    whole = actual(node(1), node(2), node(3))
    check_members(SHOP, whole)
    assert (lacking(SHOP, whole), list(warnings(SHOP, whole))) == ((), [])


def test_a_machine_that_takes_nothing_new_is_not_away() -> None:
    check_members(SHOP, actual(node(1), replace(node(2), takes=False), node(3)))


def test_the_only_member_is_waited_for_and_the_ways_out_are_named() -> None:
    (found,) = problems(actual(node(1), node(2, away=True), node(3)))
    assert (found.code, found.severity) == ("HS757", "error")
    assert found.summary.startswith("shop-cache waits for h2:")
    assert "switch h2 on" in found.hint
    assert "`hashistack replace-node h2 --lost -e factory`" in found.hint


def test_a_machine_that_nomad_has_forgotten_is_called_by_the_name_of_its_host() -> None:
    (found,) = problems(actual(node(1), node(3)))
    assert found.summary.startswith("shop-cache has no member left: what it had was on h2,")
    assert "`hashistack replace-node h2 --lost -e factory`" in found.hint
    elsewhere = replace(actual(node(1), node(3)), places=(replace(PLACES[0], address="10.0.0.9"),))
    assert "was on 10.0.0.9," in problems(elsewhere)[0].summary


def test_lost_for_good_is_what_only_a_forgotten_machine_had() -> None:
    """On AWS such a service begins anew; one whose machine may come back, or with other members, does not."""
    assert lost_for_good(CLOUD, actual(node(1), node(3))) == ("10.0.0.2",)
    assert lost_for_good(CLOUD, actual(node(1), node(2, away=True), node(3))) == ()
    assert lost_for_good(CLOUD, replace(actual(), places=PLACES[1:])) == ()
    assert lost_for_good(SHOP, actual(node(1), node(3))) == ()


def test_what_is_lost_for_good_is_no_reason_to_end_and_is_told() -> None:
    """`plan` and `up --dry-run` go on where `up` does."""
    found = actual(node(1), node(3))
    check_members(CLOUD, found)
    cache, db = warnings(CLOUD, found)
    assert (cache.code, cache.severity, db.code) == ("HS760", "warning", "HS758")
    assert cache.summary == "shop-cache begins empty: what it had was on h2, which is gone"


@pytest.mark.parametrize("cache_on", [2, 9])
def test_nothing_is_lost_for_good_beside_a_cluster_of_which_nobody_is_left(cache_on: int) -> None:
    """Wherever its members were: with their machines forgotten, giving up any machine would begin it anew."""
    gone = replace(actual(node(4)), places=(place("shop-cache", 1, cache_on), *PLACES[1:]))
    assert lost_for_good(CLOUD, gone) == ()
    assert [each.summary.split()[0] for each in problems(gone, CLOUD)] == ["shop-cache", "shop-db"]


def test_nothing_is_lost_for_good_while_another_service_cannot_go_on() -> None:
    """`up` would end there, with the one half begun empty."""
    assert lost_for_good(CLOUD, actual(node(1), node(3, away=True))) == ()


def test_without_a_majority_nobody_begins_anything() -> None:
    cache, db = problems(actual(node(1), node(2, away=True)))
    assert cache.summary.startswith("shop-cache waits")
    assert db.summary == "shop-db has 1 of 3 members and no majority: the others were on h2, h3"
    assert "--lost" not in db.hint


def test_with_a_majority_it_goes_on_and_the_missing_member_is_told() -> None:
    found = replace(actual(node(1), node(3)), places=PLACES[1:])
    check_members(SHOP, found)
    (told,) = warnings(SHOP, found)
    assert (told.code, told.severity) == ("HS758", "warning")
    assert "shop-db goes on with 2 of 3 members" in told.summary
    assert "`hashistack replace-node h2 -e factory`" in told.hint


def test_one_that_is_to_grow_is_counted_by_the_members_that_it_had() -> None:
    found = replace(actual(node(1), node(3)), places=(replace(PLACES[0], job="shop-db"),))
    assert problems(found)[0].summary.startswith("shop-db has no member left")


# --- what `up` does about it


def without_a_member(*, changed: bool) -> Actual:
    """Return a cluster of three whose third machine is forgotten; its certificate would be due."""
    nodes = (LOCAL, replace(LOCAL, id="n-2", name="second"))
    places = tuple(replace(place("shop-cache", number, number), node=f"n-{number}") for number in (1, 2, 3))
    return replace(all_there(changed=changed), nodes=nodes, places=places, certificates={})


def of_the_cache(steps: Iterable[Step]) -> list[str]:
    told = [
        f"{type(step).__name__} {step}" for step in steps if not isinstance(step, RunRelease | StoreSecrets)
    ]
    return [each.partition(" ")[0] for each in told if "'shop-cache'" in each]


@pytest.mark.parametrize("changed", [False, True])
def test_a_service_without_a_member_is_left_as_it_is(changed: bool) -> None:
    plan = plan_up(wanted(), without_a_member(changed=changed), {})
    assert of_the_cache(plan.steps) == ["AwaitService"]
    assert [each.code for each in plan.warnings] == ["HS758"]


def test_one_that_does_not_run_is_started_and_not_waited_for_until_all_are_there() -> None:
    found = without_a_member(changed=True)
    stopped = {**found.jobs, "shop-cache": JobState("shop-cache", "shop", None, stopped=True)}
    assert of_the_cache(plan_up(wanted(), replace(found, jobs=stopped), {}).steps) == [
        "BeginJob",
        "AwaitService",
    ]


def test_without_its_only_member_no_step_is_planned() -> None:
    lost = replace(all_there(changed=True), places=(replace(PLACES[0], node="n-9"),))
    with pytest.raises(ConflictError, match="shop-cache has no member left"):
        plan_up(wanted(), lost, {})
