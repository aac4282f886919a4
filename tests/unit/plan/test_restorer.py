"""A restore ends when the cluster lives again, and says what does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hashistack.diagnostics import BackendError, DeployError
from hashistack.plan.restorer import Claim, Restorer
from tests.unit.plan.fakes import FakeClock, FakeProgress
from tests.unit.plan.test_backup import MANIFEST

WEB = Claim("a1", "shop", "web", False, "shop.web[0]")
PROXY = Claim("a2", "ingress", "traefik", True, "ingress.traefik[0] h1")


@dataclass
class FakeCluster:
    """Servers and instances; `leaderless` counts how often a product has no leader yet.

    `late` are claims that come up at a later look, `deaf` how often a machine does not answer yet.
    """

    story: list[str] = field(default_factory=list)
    leaderless: dict[str, int] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()
    present: tuple[str, ...] = MANIFEST.jobs
    dead: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = (WEB, PROXY)
    late: dict[int, Claim] = field(default_factory=dict)
    lacking: tuple[Claim, ...] = ()
    deaf: int = 0
    looks: int = 0
    begun_since: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    bereft: tuple[str, ...] = ()
    tells: dict[int, Claim] = field(default_factory=dict)

    def restore(self, product: str, path: Path) -> None:
        self.story.append(f"restore {path.name}")

    def has_leader(self, product: str) -> bool:
        left = self.leaderless.get(product, 0)
        self.leaderless[product] = left - 1
        return left <= 0

    def forget_strangers(self) -> None:
        self.story.append("forget strangers")

    def knows_us(self, product: str) -> bool:
        return product not in self.strangers

    def jobs(self) -> Sequence[str]:
        return self.present

    def claimed(self) -> Sequence[Claim]:
        self.looks += 1
        if self.looks in self.late:
            self.claims = (*self.claims, self.late[self.looks])
        told = self.tells.get(self.looks)
        self.claims = tuple(replace(each, begun=True) if each == told else each for each in self.claims)
        return self.claims

    def lives(self, claim: Claim) -> bool | None:
        if claim.id in self.silent:
            return None
        return claim.id not in self.dead if claim.begun else claim.id in self.begun_since

    def lost_folder(self, claim: Claim) -> bool:
        return claim.id in self.bereft

    def replace(self, claim: Claim) -> None:
        self.story.append(f"replace {claim.id}")
        self.claims = tuple(each for each in self.claims if each != claim)

    def place_what_lacks(self) -> None:
        self.claims, self.lacking = (*self.lacking, *self.claims), ()

    def are_heard(self) -> bool:
        self.deaf -= 1
        return self.deaf < 0

    def forget_the_ended(self) -> None:
        self.story.append("forget")

    def restart(self) -> None:
        self.story.append("restart")


def restore(cluster: FakeCluster) -> tuple[Claim, ...]:
    return Restorer(cluster, cluster, FakeProgress(), FakeClock(), cluster.restart).restore(
        MANIFEST, Path("saved")
    )


def test_consul_comes_first_and_what_lives_is_left_alone() -> None:
    cluster = FakeCluster()
    assert restore(cluster) == ()
    assert cluster.story == [
        "restore consul.snap", "forget strangers", "restore nomad.snap", "forget", "restart",
    ]  # fmt: skip


def test_instances_that_have_ended_meanwhile_are_replaced_after_the_agents_started_anew() -> None:
    cluster = FakeCluster(dead=("a1", "a2"))
    restore(cluster)
    assert cluster.story[-3:] == ["restart", "replace a1", "replace a2"]


@pytest.mark.parametrize("dead", [(), ("a1",), ("a3",), ("a1", "a3")])
def test_of_two_in_one_place_the_newest_stays(dead: tuple[str, ...]) -> None:
    """Also where the older one lives: it may have lost its folder, and what ran before its tasks does not run again."""
    newer = replace(WEB, id="a3", begun=False)
    cluster = FakeCluster(claims=(newer, WEB, PROXY), dead=dead)
    restore(cluster)
    assert cluster.story[-2:] == ["restart", "replace a1"]


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize("dead", [(), ("a1",)])
def test_one_that_was_begun_anew_in_an_empty_folder_is_replaced(begun: bool, dead: tuple[str, ...]) -> None:
    """Also where some of its tasks run: they lack what is done before."""
    cluster = FakeCluster(claims=(replace(WEB, begun=begun), PROXY), bereft=("a1",), dead=dead)
    assert restore(cluster) == ()
    assert cluster.story[-2:] == ["restart", "replace a1"]


def test_nomad_looks_again_at_what_has_no_instance() -> None:
    cluster = FakeCluster(claims=(PROXY,), lacking=(replace(WEB, begun=False),))
    restore(cluster)
    assert {claim.job for claim in cluster.claims} == {"shop", "ingress"}


@pytest.mark.parametrize("look", [2, 3, 4])
def test_a_second_one_may_come_up_late(look: int) -> None:
    cluster = FakeCluster(late={look: replace(WEB, id="a3", begun=False)})
    restore(cluster)
    assert cluster.story[-2:] == ["restart", "replace a3"]


def test_what_begins_is_watched_until_it_has_begun_but_not_for_ever() -> None:
    """A second one may come up as long as another one begins."""
    late = {12: replace(WEB, id="a3", begun=False)}
    cluster = FakeCluster(claims=(replace(WEB, begun=False),), late=late)
    restore(cluster)
    assert cluster.story[-1] == "replace a3"
    begins = replace(WEB, begun=False)
    cluster = FakeCluster(claims=(begins, PROXY))
    assert restore(cluster) == (begins,)
    assert cluster.looks < 30


def test_a_machine_that_is_not_heard_yet_is_waited_for() -> None:
    cluster = FakeCluster(deaf=20, dead=("a1",))
    restore(cluster)
    assert cluster.deaf == -2  # before the machines forget, and once more after they started anew
    assert cluster.story == [*cluster.story[:-3], "forget", "restart", "replace a1"]


def test_one_that_is_never_heard_is_left_out() -> None:
    cluster = FakeCluster(deaf=10_000)
    restore(cluster)
    assert cluster.story[-2:] == ["forget", "restart"]


def test_one_that_only_begins_is_left_to_it() -> None:
    cluster = FakeCluster(claims=(replace(WEB, begun=False),), dead=("a1",))
    restore(cluster)
    assert cluster.story[-1] == "restart"


def test_one_that_began_after_the_backup_is_replaced() -> None:
    cluster = FakeCluster(claims=(replace(WEB, begun=False), PROXY), begun_since=("a1",))
    assert restore(cluster) == ()
    assert cluster.story[-2:] == ["restart", "replace a1"]


def test_one_that_begins_while_it_is_looked_at_is_left_to_it() -> None:
    begins = replace(WEB, begun=False)
    cluster = FakeCluster(claims=(begins, PROXY), begun_since=("a1",), tells={2: begins})
    assert restore(cluster) == ()
    assert cluster.story[-1] == "restart"


@pytest.mark.parametrize("begun", [True, False])
def test_one_whose_machine_does_not_answer_is_left_to_nomad(begun: bool) -> None:
    cluster = FakeCluster(claims=(replace(WEB, begun=begun), PROXY), silent=("a1",), begun_since=("a1",))
    restore(cluster)
    assert cluster.story[-1] == "restart"


def test_an_election_is_waited_for() -> None:
    restore(FakeCluster(leaderless={"Consul": 20, "Nomad": 20}))


def test_servers_that_find_no_leader_are_named() -> None:
    cluster = FakeCluster(leaderless={"Consul": 1000})
    with pytest.raises(BackendError, match="Consul has no leader"):
        restore(cluster)
    assert "restore nomad.snap" not in cluster.story


def test_a_token_that_the_snapshot_does_not_know_is_explained() -> None:
    with pytest.raises(BackendError, match="Nomad was restored and does not know the token"):
        restore(FakeCluster(strangers=("Nomad",)))


def test_jobs_that_do_not_come_back_are_named() -> None:
    with pytest.raises(DeployError, match="not there: ingress"):
        restore(FakeCluster(present=("shop",)))
