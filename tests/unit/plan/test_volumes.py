from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack.diagnostics import BackendError
from hashistack.plan.volumes import Need, Node, Volume, missing


def node(
    name: str, rack: str = "", *, free: int | None = 50_000, takes: bool = True, pool: str = "default"
) -> Node:
    return Node(f"id-{name}", name, pool, rack, f"10.0.0.{len(name)}", takes, free)


def volume(name: str, on: str) -> Volume:
    return Volume(f"{name}-{on}", name, f"id-{on}", "ready")


def names(need: Need, nodes: list[Node], volumes: tuple[Volume, ...] = ()) -> list[str]:
    return [each.name for each in missing([need], nodes, volumes)[need.name]]


def problem(needs: list[Need], nodes: list[Node], volumes: tuple[Volume, ...] = ()) -> str:
    with pytest.raises(BackendError) as caught:
        missing(needs, nodes, volumes)
    return " / ".join(f"{each.code} {each.summary}" for each in caught.value.diagnostics)


def test_each_goes_to_a_rack_of_its_own_before_a_rack_gets_a_second() -> None:
    nodes = [node("a1", "a"), node("a2", "a"), node("b1", "b"), node("c1", "c")]
    assert names(Need("db", 3, 10), nodes) == ["a1", "b1", "c1"]


def test_racks_that_have_a_volume_already_count() -> None:
    nodes = [node("a1", "a"), node("a2", "a"), node("b1", "b")]
    assert names(Need("db", 2, 10), nodes, (volume("db", "a1"),)) == ["b1"]


def test_machines_with_fewer_volumes_come_first() -> None:
    nodes = [node("n1"), node("n2"), node("n3")]
    assert names(Need("db", 1, 10), nodes, (volume("x", "n1"), volume("y", "n2"))) == ["n3"]


def test_what_is_given_away_in_the_same_plan_counts_too() -> None:
    nodes = [node("n1"), node("n2")]
    found = missing([Need("db", 1, 10), Need("cache", 1, 10)], nodes, ())
    assert [each.name for places in found.values() for each in places] == ["n1", "n2"]


def test_a_second_run_has_nothing_to_do() -> None:
    nodes = [node("n1"), node("n2"), node("n3")]
    there = tuple(volume("db", each.name) for each in nodes)
    assert names(Need("db", 3, 10), nodes, there) == []


def test_a_machine_that_is_down_keeps_its_volume() -> None:
    nodes = [node("n1"), node("n2"), node("n3", takes=False), node("n4")]
    there = tuple(volume("db", each) for each in ("n1", "n2", "n3"))
    assert names(Need("db", 3, 10), nodes, there) == []


def test_a_machine_that_nomad_has_forgotten_has_no_volume() -> None:
    nodes = [node("n1"), node("n2"), node("n4")]
    there = tuple(volume("db", each) for each in ("n1", "n2", "n3"))
    assert names(Need("db", 3, 10), nodes, there) == ["n4"]


def test_a_machine_that_has_one_which_the_servers_have_forgotten_is_passed_over() -> None:
    stray = replace(node("a1"), holds=frozenset({"db"}))
    assert names(Need("db", 1, 10), [stray, node("a2")]) == ["a2"]
    assert names(Need("cache", 1, 10), [stray, node("a2")]) == ["a1"]


def test_machines_of_other_pools_and_those_that_take_nothing_get_none() -> None:
    nodes = [node("n1"), node("n2", pool="batch"), node("n3", takes=False)]
    told = problem([Need("db", 3, 10)], nodes)
    assert (
        told == "HS750 db needs 3 machines, one for each node, and 1 can be had (n3 takes none at the moment)"
    )


def test_a_full_disk_is_passed_over() -> None:
    nodes = [node("n1", free=5), node("n2"), node("n3")]
    assert names(Need("db", 2, 10), nodes) == ["n2", "n3"]


def test_full_disks_are_named_with_what_they_have_left_for_this() -> None:
    nodes = [node("n1", free=15), node("n2", free=100)]
    told = problem([Need("cache", 2, 10), Need("db", 2, 10)], nodes)
    assert told == "HS751 no room for the volumes of db, 10 MiB each: n1 has 5 MiB free"


def test_a_machine_that_does_not_say_what_is_free_is_believed_to_have_room() -> None:
    assert names(Need("db", 1, 10), [node("n1", free=None)]) == ["n1"]


def test_all_that_lack_something_are_told_at_once() -> None:
    told = problem([Need("db", 3, 10), Need("cache", 2, 10)], [node("n1")])
    assert told.count("HS750") == 2
