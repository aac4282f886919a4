"""Servers in AWS are replaced one at a time, and never so many that the rest has no majority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from hashistack.diagnostics import BackendError, DeployError, HashistackError
from hashistack.messages.credentials import no_leader_yet
from hashistack.plan.progress import Led, Replaced
from hashistack.plan.replacement import Instance, Replacement, heir, plan_replacement
from hashistack.plan.replacer import Replacer
from tests.unit.plan.fakes import FakeClock, FakeProgress


def instance(name: str, *, current: bool = False, state: str = "InService", launched: str = "1") -> Instance:
    return Instance(name, "10.20.1.4", "eu-west-1a", launched, state, current)


OLD = tuple(instance(f"i-{number}", launched=str(number)) for number in (1, 2, 3))


def test_the_oldest_goes_first_and_who_leads_last() -> None:
    plan = plan_replacement(OLD, {"Consul": "i-1", "Nomad": "i-2"}, "production")
    assert plan == Replacement(("i-3", "i-1", "i-2"))


def test_what_is_new_or_leaves_already_stays() -> None:
    servers = (replace(OLD[0], current=True), replace(OLD[1], state="Terminating:Wait"), OLD[2])
    assert plan_replacement(servers, {}, "production") == Replacement(("i-3",))
    assert plan_replacement([replace(each, current=True) for each in OLD], {}, "x") == Replacement(())


def test_the_only_server_is_not_replaced() -> None:
    (refusal,) = plan_replacement(OLD[:1], {}, "production").refusals
    assert (refusal.code, refusal.path) == ("HS663", "servers.count")
    assert plan_replacement([replace(OLD[0], current=True)], {}, "production") == Replacement(())


def test_a_new_server_is_to_lead() -> None:
    servers = (*OLD[:2], instance("i-9", current=True))
    assert heir("i-1", servers) == "i-9"
    assert heir("i-1", OLD) == "i-2"
    assert heir("i-1", (OLD[0], replace(OLD[1], state="Terminating:Wait"))) is None


@dataclass
class FakeServers:
    """Three servers; a new one is in service, and has its vote, after some questions."""

    there: list[Instance] = field(default_factory=lambda: list(OLD))
    leader: str = "i-3"
    votes_after: int = 3
    lingers: bool = False
    silent: int = 0
    done: list[str] = field(default_factory=list)
    asked: int = 0

    def machines(self) -> tuple[Instance, ...]:
        return tuple(self.there)

    def voters(self) -> Mapping[str, frozenset[str]]:
        self.asked += 1
        if self.silent:
            self.silent -= 1
            raise BackendError(no_leader_yet("Nomad", 1))
        names = {each.name for each in self.there}
        if self.asked < self.votes_after:
            names = {name for name in names if not name.startswith("new")}
        return dict.fromkeys(("Consul", "Nomad"), frozenset(names))

    def leaders(self) -> Mapping[str, str]:
        return {"Consul": self.leader}

    def unwell(self) -> tuple[str, ...]:
        gone = [name for name in self.done if name.startswith("replace ")]
        if self.lingers and gone and f"forget {gone[-1].split()[1]}" not in self.done:
            return (f"Nomad: server {gone[-1].split()[1]} is not healthy",)
        return ()

    def lead(self, product: str, host: str) -> None:
        self.done.append(f"lead {product} {host}")
        self.leader = host

    def replace(self, name: str) -> None:
        self.done.append(f"replace {name}")
        self.asked = 0
        self.there = [each for each in self.there if each.name != name]
        self.there.append(instance(f"new-{len(self.done)}", current=True))

    def forget(self, name: str) -> None:
        self.done.append(f"forget {name}")


def carry_out(servers: FakeServers, *names: str) -> tuple[FakeProgress, FakeClock]:
    progress, clock = FakeProgress(), FakeClock()
    Replacer(servers, progress, clock).carry_out(Replacement(names))
    return progress, clock


def test_one_after_another_and_leadership_moves_before() -> None:
    servers = FakeServers()
    progress, _ = carry_out(servers, "i-1", "i-2", "i-3")
    assert servers.done[:2] == ["replace i-1", "replace i-2"]
    assert servers.done[2].startswith("lead Consul new-")
    assert servers.done[3:] == ["replace i-3"]
    ends = [event for event in progress.events if isinstance(event, Led | Replaced)]
    assert ends[0] == Replaced("i-1", "new-1")
    assert [type(event).__name__ for event in ends] == ["Replaced", "Replaced", "Led", "Replaced"]


def test_the_next_waits_for_the_votes_of_the_one_before() -> None:
    servers = FakeServers(votes_after=9)
    _, clock = carry_out(servers, "i-1")
    assert servers.asked >= 9
    assert clock.time > 0


def test_nobody_can_be_asked_while_the_way_there_is_opened_anew() -> None:
    carry_out(FakeServers(silent=4), "i-1")


def test_a_server_that_is_not_forgotten_by_itself_is_forgotten() -> None:
    servers = FakeServers(lingers=True)
    _, clock = carry_out(servers, "i-1")
    assert servers.done == ["replace i-1", "forget i-1"]
    assert clock.time > 60


def test_a_new_server_without_votes_ends_it_and_the_rest_is_not_touched() -> None:
    servers = FakeServers(votes_after=10**9)
    with pytest.raises(DeployError) as caught:
        carry_out(servers, "i-1", "i-2")
    (problem,) = caught.value.diagnostics
    assert problem.code == "HS664"
    assert "does not vote in Consul and Nomad" in problem.summary
    assert problem.summary.endswith("not touched: i-2")


def test_nothing_begins_while_the_servers_are_unwell() -> None:
    class Unwell(FakeServers):
        def unwell(self) -> tuple[str, ...]:
            return ("Consul: server i-2 is not healthy",)

    servers = Unwell()
    with pytest.raises(DeployError, match="i-2 is not healthy"):
        carry_out(servers, "i-1")
    assert servers.done == []


def test_refusals_are_raised() -> None:
    plan = plan_replacement(OLD[:1], {}, "production")
    with pytest.raises(HashistackError, match="only server"):
        Replacer(FakeServers(), FakeProgress(), FakeClock()).carry_out(plan)
