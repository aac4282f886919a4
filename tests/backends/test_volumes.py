"""Volumes, their machines and Consul's keys, on real agents."""

from __future__ import annotations

import urllib.request
from dataclasses import replace

import pytest

from hashistack.backends.cluster import SystemClock
from hashistack.backends.consul import Consul
from hashistack.backends.endpoint import consul_endpoint, nomad_endpoint
from hashistack.backends.nomad import Nomad
from hashistack.backends.observe_stand_ins import with_stand_ins
from hashistack.backends.volumes import Volumes
from hashistack.diagnostics import BackendError
from hashistack.plan.actual import Actual, JobState
from hashistack.plan.executor import Executor
from hashistack.plan.prepare import Preparer
from hashistack.plan.stand_ins import preparations
from hashistack.plan.steps import CreateVolumes, IssueCertificate, Plan, RemoveVolumes, Spot, Step
from hashistack.plan.volumes import Node
from tests.bed.agents import Agents
from tests.unit.plan.fakes import FakeJournal, FakeProgress
from tests.unit.plan.stacks import SHOP, stack


@pytest.fixture
def nomad(cluster: Agents) -> Nomad:
    return Nomad(nomad_endpoint(cluster.environment()))


@pytest.fixture
def consul(cluster: Agents) -> Consul:
    return Consul(consul_endpoint(cluster.environment()))


@pytest.fixture
def disks(nomad: Nomad) -> Volumes:
    return Volumes(nomad.endpoint)


@pytest.fixture
def node(disks: Volumes) -> Node:
    return disks.nodes()[0]


@pytest.fixture
def preparer(nomad: Nomad, consul: Consul, disks: Volumes) -> Preparer:
    return Preparer(nomad, consul, disks, FakeJournal(), FakeProgress(), SystemClock())


def test_a_machine_says_what_the_planner_has_to_know(node: Node, cluster: Agents) -> None:
    assert (node.pool, node.takes, node.address) == ("default", True, cluster.service_address)
    assert node.free
    assert node.free > 100


def test_a_volume_is_made_found_again_and_deleted_with_its_folder(
    preparer: Preparer, disks: Volumes, node: Node, consul: Consul
) -> None:
    preparer.create(CreateVolumes("t-volume", (Spot(node.id, node.name),), 10))
    (found,) = [each for each in disks.volumes() if each.name == "t-volume"]
    assert (found.node, found.state) == (node.id, "ready")
    with pytest.raises(BackendError):  # Nomad itself allows one of a name on a machine
        disks.create("t-volume", node.id, 10)
    put(consul, "hashistack/t-volume/formed", "1")
    put(consul, "hashistack/t-volume-2/formed", "1")
    preparer.remove(RemoveVolumes("t-volume"))
    assert not [each for each in disks.volumes() if each.name == "t-volume"]
    assert disks.state(found.id) == "gone"
    disks.delete(found.id)  # what is gone already is fine
    assert not consul.has_key("hashistack/t-volume/formed")
    assert consul.has_key("hashistack/t-volume-2/formed")
    consul.forget("hashistack/t-volume-2/")


def test_what_was_prepared_is_found_complete(
    preparer: Preparer, nomad: Nomad, consul: Consul, disks: Volumes, node: Node
) -> None:
    """The first plan makes all of it, and the second finds nothing to do."""
    asked = stack()
    before = with_stand_ins(Actual(), nomad, consul, asked)
    steps = tuple(preparations(asked, before))
    assert [type(step).__name__ for step in steps] == [
        "StoreSecrets",
        "GenerateCredentials",
        "GenerateCredentials",
        "CreateVolumes",
        "IssueCertificate",
    ]
    try:
        _carry_out(preparer, steps)
        assert list(preparations(asked, with_stand_ins(Actual(), nomad, consul, asked))) == []
        (certificate,) = [step for step in steps if isinstance(step, IssueCertificate)]
        preparer.issue(replace(certificate, edition=2))
        assert with_stand_ins(Actual(), nomad, consul, asked).certificates["shop-cache"].edition == 2
    finally:
        preparer.remove(RemoveVolumes("shop-cache"))
        for path in (
            "nomad/jobs/shop-cache",
            "nomad/jobs/shop-cache/node",
            "hashistack/stand-ins/shop-cache",
        ):
            nomad.delete_variable(path)


def test_the_data_of_what_is_taken_out_is_seen_where_nothing_else_is_left(
    nomad: Nomad, consul: Consul
) -> None:
    bare = stack(SHOP.replace("backing_services:\n  cache: {type: redis}\n", ""))
    left = {"shop-db": JobState("shop-db", "shop", None, meta={"hashistack.nodes": "1"})}
    assert with_stand_ins(Actual(jobs=left), nomad, consul, bare).nodes
    assert not with_stand_ins(Actual(), nomad, consul, bare).nodes


def _carry_out(each: Preparer, steps: tuple[Step, ...]) -> None:
    executor = Executor(
        each.jobs, each.services, each.disks, each.journal, each.progress, each.clock, lambda keeps_data: ()
    )
    executor.carry_out(Plan(steps))


def put(consul: Consul, key: str, value: str) -> None:
    request = urllib.request.Request(f"{consul.endpoint.url}/v1/kv/{key}", data=value.encode(), method="PUT")
    urllib.request.urlopen(request, timeout=10).close()
