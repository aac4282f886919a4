"""A machine that is gone: what is given up of it, and what forbids that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from hashistack.diagnostics import BackendError, DeployError, Diagnostic, HashistackError, UsageProblem
from hashistack.model import Stack
from hashistack.plan.actual import Actual
from hashistack.plan.members import Place
from hashistack.plan.node_replacer import PATIENCE, NodeReplacer
from hashistack.plan.progress import Left, Removed, Running
from hashistack.plan.replace_node import (
    Claim,
    Farewell,
    Holdings,
    Machine,
    check_leaving,
    check_loss,
    check_safety,
    farewell,
    substitutes,
)
from hashistack.plan.report import Answer, Report
from hashistack.plan.steps import CreateVolumes, Plan
from hashistack.plan.volumes import Node, Volume
from tests.unit.plan.fakes import FakeClock, FakeProgress
from tests.unit.plan.stacks import stack

TEXT = """\
app: shop
image: registry.example.com/shop
processes:
  worker: {command: work}
backing_services:
  cache: {type: redis, nodes: 3}
environments:
  factory:
    target: onprem
    domain: shop.lan
    ssh: {user: root}
    hosts:
      h1: {address: 10.0.0.1, roles: [server, client, ingress]}
      h2: {address: 10.0.0.2, roles: [server, client]}
      h3: {address: 10.0.0.3, roles: [server, client]}
      h4: {address: 10.0.0.4, roles: [client]}
"""
IDS = {name: f"{name}00000-0000-0000-0000-000000000000" for name in ("h1", "h2", "h3", "h4")}


@pytest.fixture(scope="module")
def shop() -> Stack:
    return stack(TEXT)


def place(member: int, name: str) -> Place:
    key = f"hashistack/shop-cache/members/{member}"
    return Place(key, "shop-cache", str(member), IDS[name], f"10.0.0.{name[1:]}", 10 + member)


def holdings(**status: str) -> Holdings:
    """Return three members on h1, h2 and h3; every machine is ready unless told otherwise."""
    machines = tuple(Machine(IDS[name], name, status.get(name, "ready")) for name in IDS)
    members = ("h1", "h2", "h3")
    return Holdings(
        machines,
        tuple(Volume(f"v-{name}", "shop-cache", IDS[name], "ready") for name in members),
        tuple(Claim(f"c-{name}", "shop-cache", f"v-{name}") for name in members),
        tuple(place(number, name) for number, name in enumerate(members, 1)),
    )


def code(caught: pytest.ExceptionInfo[HashistackError]) -> str:
    return caught.value.diagnostics[0].code


# --- what is given up


@pytest.mark.parametrize("status", ["down", "disconnected"])
@pytest.mark.parametrize("name", ["h2", "10.0.0.2", IDS["h2"], IDS["h2"][:8]])
def test_claims_and_places_of_the_machine_and_nothing_else(shop: Stack, status: str, name: str) -> None:
    parting = farewell(name, shop, holdings(h2=status))
    (release,) = parting.releases
    assert [claim.id for claim in release.claims] == ["c-h2"]
    assert [each.member for each in release.places] == ["2"]
    assert parting.forgotten == (IDS["h2"],)


@pytest.mark.parametrize("name", ["h2", "10.0.0.2"])
@pytest.mark.parametrize("status", ["ready", "initializing"])
def test_a_machine_that_is_alive_is_refused(shop: Stack, status: str, name: str) -> None:
    with pytest.raises(HashistackError, match="nothing was changed") as caught:
        farewell(name, shop, holdings(h2=status, h3="down"))
    assert code(caught) == "HS734"


def test_a_machine_that_was_drained_is_given_up_with_its_volume(shop: Stack) -> None:
    found = holdings()
    machines = tuple(replace(each, idle=each.name == "h2") for each in found.machines)
    parting = farewell("h2", shop, replace(found, machines=machines))
    assert (parting.forgotten, [each.id for each in parting.volumes]) == ((), ["v-h2"])


@pytest.mark.parametrize("name", ["h9", "h", "h2000", "10.0.0.9"])
def test_a_name_that_nobody_has(shop: Stack, name: str) -> None:
    with pytest.raises(UsageProblem, match="there are h1, h2, h3, h4") as caught:
        farewell(name, shop, holdings(h2="down"))
    assert code(caught) == "HS735"


def test_a_machine_without_members_is_only_forgotten(shop: Stack) -> None:
    parting = farewell("h4", shop, holdings(h4="down"))
    assert (parting.releases, parting.forgotten) == ((), (IDS["h4"],))


@pytest.mark.parametrize("name", ["h2", "10.0.0.2", IDS["h2"]])
def test_a_machine_that_nomad_has_forgotten_may_still_be_a_member(shop: Stack, name: str) -> None:
    """Another machine has its name by now, and Nomad has removed the volumes with the old one."""
    found = holdings()
    new = Machine("new00000-0000", "h2", "ready")
    others = tuple(each for each in found.machines if each.name != "h2")
    volumes = tuple(each for each in found.volumes if each.node != IDS["h2"])
    parting = farewell(name, shop, replace(found, machines=(*others, new), volumes=volumes))
    (release,) = parting.releases
    assert ([claim.id for claim in release.claims], parting.forgotten) == (["c-h2"], ())


@pytest.mark.parametrize("name", ["h2", "10.0.0.2"])
def test_after_a_first_run_there_is_nothing_left(shop: Stack, name: str) -> None:
    found = holdings()
    done = replace(
        found,
        machines=tuple(each for each in found.machines if each.name != "h2"),
        volumes=(*found.volumes[:1], *found.volumes[2:], Volume("v-h4", "shop-cache", IDS["h4"], "ready")),
        claims=(*found.claims[:1], *found.claims[2:], Claim("c-h4", "shop-cache", "v-h4")),
        places=(place(1, "h1"), place(2, "h4"), place(3, "h3")),
    )
    assert farewell(name, shop, done).is_empty


def test_another_apps_volumes_are_not_looked_at(shop: Stack) -> None:
    found = holdings(h2="down")
    others = replace(
        found,
        claims=(*found.claims, Claim("c-x", "other-db", "v-x")),
        places=(*found.places, replace(place(1, "h2"), job="other-db")),
    )
    assert farewell("h2", shop, others) == farewell("h2", shop, found)


# --- whether it may be done


def test_it_is_refused_for_all_stand_ins_that_are_not_safe(shop: Stack) -> None:
    parting = farewell("h2", shop, holdings(h2="down"))
    check_safety(parting, {"shop-cache": Answer(Report(quorum=True, safe=True))})
    with pytest.raises(HashistackError, match=r"shop-cache has a member on h2 .*one copy") as caught:
        check_safety(parting, {"shop-cache": Answer(Report(quorum=True, safe=False, unsafe="one copy"))})
    assert code(caught) == "HS736"


# --- where nobody else has what it had


def alone(*names: str, **status: str) -> Holdings:
    """Return the members on these machines, and nothing of others."""
    found = holdings(**status)
    ids = {IDS[name] for name in names}
    return replace(
        found,
        volumes=tuple(each for each in found.volumes if each.node in ids),
        claims=tuple(each for each in found.claims if each.id.removeprefix("c-") in names),
        places=tuple(each for each in found.places if each.node in ids),
    )


def test_the_only_member_is_given_up_when_that_is_said_and_not_otherwise(shop: Stack) -> None:
    parting = farewell("h2", shop, alone("h2", h2="down"))
    assert (parting.releases[0].last, parting.survivors) == (True, ())
    check_safety(parting, {})
    with pytest.raises(HashistackError, match="shop-cache has no member but on h2") as caught:
        check_loss(parting)
    assert code(caught) == "HS744"
    assert "--lost" in caught.value.diagnostics[0].hint


def test_where_others_have_members_nothing_is_lost_and_they_are_asked(shop: Stack) -> None:
    parting = farewell("h2", shop, holdings(h2="down"))
    check_loss(parting)
    assert parting.survivors == parting.releases


def test_a_machine_that_may_come_back_is_not_given_up_with_another(shop: Stack) -> None:
    parting = farewell("h2", shop, holdings(h1="down", h2="down", h3="disconnected"))
    assert [(release.last, len(release.places)) for release in parting.releases] == [(False, 1)]


def test_the_last_of_several_that_are_gone_takes_them_along(shop: Stack) -> None:
    found = holdings(h2="down")
    known = replace(found, machines=tuple(each for each in found.machines if each.name in ("h2", "h4")))
    parting = farewell("h2", shop, known)
    (release,) = parting.releases
    assert (release.last, len(release.places), len(release.claims)) == (True, 3, 3)
    assert [each.id for each in parting.volumes] == ["v-h1", "v-h2", "v-h3"]


def test_a_claim_alone_is_the_last_thing_there_is(shop: Stack) -> None:
    """The machine died before its member had taken a place."""
    found = replace(alone("h2", h2="down"), places=())
    assert farewell("h2", shop, found).releases[0].last
    others = replace(holdings(h2="down"), places=())
    assert not farewell("h2", shop, others).releases[0].last


def test_it_begins_anew_before_its_place_is_free(shop: Stack) -> None:
    cluster = Cluster(reports=[Answer(Report(full=True))])
    progress = carried_out(cluster, farewell("h2", shop, alone("h2", h2="down")))
    released = ["anew shop-cache", "c-h2", IDS["h2"], "remove v-h2", "hashistack/shop-cache/members/2"]
    assert cluster.done == ["prepare 0", *released, "place shop-cache"]
    assert progress.of(Removed)[0] == Removed("cluster", "shop-cache: it begins empty")


def test_a_machine_does_not_leave_with_the_data_of_a_member(shop: Stack) -> None:
    check_leaving(["h4"], shop, holdings())
    with pytest.raises(HashistackError, match="h2 is to leave and has a member of shop-cache") as caught:
        check_leaving(["h2", "h4"], shop, holdings())
    assert (code(caught), "--lost" in caught.value.diagnostics[0].hint) == ("HS745", False)
    with pytest.raises(HashistackError, match="has the only member of shop-cache") as caught:
        check_leaving(["h2"], shop, alone("h2"))
    assert "replace-node h2 --lost" in caught.value.diagnostics[0].hint


def test_nor_with_the_data_of_a_service_that_the_descriptor_has_no_more(shop: Stack) -> None:
    found = holdings()
    left = (Volume("v-old", "shop-old", IDS["h4"], "ready"), Volume("v-own", "own", IDS["h4"], "ready"))
    kept = replace(found, volumes=(*found.volumes, *left), remembered=frozenset({"shop-cache", "shop-old"}))
    with pytest.raises(HashistackError, match="h4 is to leave and has data of shop-old") as caught:
        check_leaving(["h4"], shop, kept)
    assert [each.code for each in caught.value.diagnostics] == ["HS745"]
    check_leaving(["h4"], shop, replace(kept, volumes=(*found.volumes, left[1])))


# --- where the new members go


def node(name: str, *, takes: bool = True) -> Node:
    return Node(IDS[name], name, "default", "", f"10.0.0.{name[1:]}", takes=takes, free=100_000)


def actual(found: Holdings, *names: str) -> Actual:
    return Actual(nodes=tuple(node(name, takes=name != "h2") for name in names), volumes=found.volumes)


def test_a_new_volume_is_made_where_there_is_none(shop: Stack) -> None:
    found = holdings(h2="down")
    plan = substitutes(farewell("h2", shop, found), shop, actual(found, *IDS))
    (made,) = [step for step in plan.steps if isinstance(step, CreateVolumes)]
    assert [each.name for each in made.places] == ["h4"]


def test_without_a_machine_for_it_nothing_is_given_up(shop: Stack) -> None:
    found = holdings(h2="down")
    with pytest.raises(BackendError, match="shop-cache needs 3 machines") as caught:
        substitutes(farewell("h2", shop, found), shop, actual(found, "h1", "h2", "h3"))
    assert "no job was changed" in caught.value.diagnostics[0].hint  # on aws machines were, by Terraform


def test_a_volume_that_is_there_already_is_used(shop: Stack) -> None:
    found = holdings(h2="down")
    found = replace(found, volumes=(*found.volumes, Volume("v-h4", "shop-cache", IDS["h4"], "ready")))
    plan = substitutes(farewell("h2", shop, found), shop, actual(found, *IDS))
    assert not [step for step in plan.steps if isinstance(step, CreateVolumes)]


# --- how it is done


@dataclass
class Cluster:
    """Remembers what is done; the new member runs once the machine is forgotten, and has all copies later."""

    running: int = 2
    in_use: int = 0
    stopped: bool = False
    silent: int = 0
    done: list[str] = field(default_factory=list)
    reports: list[Answer] = field(default_factory=list)

    def prepare(self, plan: Plan) -> None:
        self.done.append(f"prepare {len(plan.steps)}")

    def release_claim(self, claim: str) -> None:
        self.done.append(claim)

    def release_place(self, place: Place) -> None:
        self.done.append(place.key)

    def begin_anew(self, job: str) -> None:
        self.done.append(f"anew {job}")

    def forget_machine(self, node: str) -> None:
        self.done.append(node)

    def runs(self, job: str) -> bool:
        return not self.stopped

    def reschedule(self, job: str) -> None:
        self.done.append(f"place {job}")

    def remove_volume(self, volume: str) -> None:
        self.in_use -= 1
        if self.in_use >= 0:
            raise BackendError(Diagnostic("HS406", "volume in use by allocations"))
        self.done.append(f"remove {volume}")

    def members(self, job: str) -> int:
        self.silent -= 1
        if self.silent >= 0:
            raise BackendError(Diagnostic("HS406", "no cluster leader"))
        return 3 if IDS["h2"] in self.done else self.running

    def of(self, stand_ins: object) -> dict[str, Answer]:
        return {"shop-cache": self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]}


def carried_out(cluster: Cluster, parting: Farewell) -> FakeProgress:
    progress = FakeProgress()
    replacer = NodeReplacer(cluster, cluster, cluster.prepare, progress, FakeClock())
    replacer.replace(parting, Plan(()))
    return progress


def test_what_is_new_comes_first_and_what_is_old_is_released_in_its_order(shop: Stack) -> None:
    whole = [Answer(None, "does not answer"), Answer(Report(full=False)), Answer(Report(full=True))]
    cluster = Cluster(reports=whole)
    progress = carried_out(cluster, farewell("h2", shop, holdings(h2="down")))
    released = ["c-h2", IDS["h2"], "remove v-h2", "hashistack/shop-cache/members/2"]
    assert cluster.done == ["prepare 0", *released, "place shop-cache"]
    assert len(progress.of(Removed)) == 4
    assert progress.of(Running) == [Running("shop-cache", None)]


def test_servers_that_elect_a_leader_anew_end_no_wait(shop: Stack) -> None:
    cluster = Cluster(silent=2, reports=[Answer(Report(full=True))])
    progress = carried_out(cluster, farewell("h2", shop, holdings(h2="down")))
    assert cluster.silent == -1
    assert progress.of(Running) == [Running("shop-cache", None)]


def test_nobody_waits_for_members_of_a_job_that_does_not_run(shop: Stack) -> None:
    """After `down` a machine dies, and `up` asks for this command before it starts anything."""
    cluster = Cluster(running=0, stopped=True)
    progress = carried_out(cluster, farewell("h2", shop, alone("h2", h2="down")))
    assert cluster.done[-1] == "hashistack/shop-cache/members/2"
    (left,) = progress.of(Left)
    assert (left.name, progress.of(Running)) == ("shop-cache", [])
    assert "`hashistack up` starts it" in left.why


def test_a_volume_is_removed_once_nothing_there_counts_as_running(shop: Stack) -> None:
    cluster = Cluster(in_use=3, reports=[Answer(Report(full=True))])
    carried_out(cluster, farewell("h2", shop, holdings(h2="down")))
    assert "remove v-h2" in cluster.done
    with pytest.raises(BackendError, match="in use"):
        carried_out(Cluster(in_use=99), farewell("h2", shop, holdings(h2="down")))


def test_a_new_member_that_does_not_come_ends_the_wait(shop: Stack) -> None:
    cluster = Cluster(reports=[Answer(Report(full=False, under_replicated="3 partitions"))])
    with pytest.raises(DeployError, match=r"30 min .*: 3 partitions") as caught:
        carried_out(cluster, farewell("h2", shop, holdings(h2="down")))
    assert code(caught) == "HS738"
    assert PATIENCE == 1800
