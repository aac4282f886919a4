"""An upgrade stops at the first host that is not healthy, and says what was not touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from hashistack.diagnostics import DeployError, HashistackError
from hashistack.messages.upkeep import downgrade
from hashistack.plan.progress import Upgraded
from hashistack.plan.upgrade import Admit, Empty, Install, Lead, Upgrade
from hashistack.plan.upgrader import Upgrader
from tests.unit.plan.fakes import FakeClock, FakeProgress


@dataclass
class FakeFleet:
    sick: dict[str, int] = field(
        default_factory=dict
    )  # host -> how often it still complains after its upgrade
    ill: tuple[str, ...] = ()
    done: list[str] = field(default_factory=list)

    def lead(self, product: str, host: str) -> None:
        self.done.append(f"lead {product} {host}")

    def empty(self, host: str) -> None:
        self.done.append(f"empty {host}")

    def admit(self, host: str) -> None:
        self.done.append(f"admit {host}")

    def install(self, hosts: Sequence[str]) -> None:
        self.done.append(f"install {' '.join(hosts)}")

    def complaints(self, host: str) -> tuple[str, ...]:
        left = self.sick.get(host, 0)
        self.sick[host] = left - 1
        return ("Nomad calls it down",) if left > 0 else ()

    def unwell(self) -> tuple[str, ...]:
        return self.ill


STEPS = (
    Lead("Nomad", "n2"),
    Empty("n1"),
    Install(("n1",)),
    Admit("n1"),
    Empty("n2"),
    Install(("n2",)),
    Admit("n2"),
)
WHOLE = Upgrade(STEPS)


def carry_out(fleet: FakeFleet, upgrade: Upgrade = WHOLE) -> FakeProgress:
    progress = FakeProgress()
    Upgrader(fleet, progress, FakeClock(), "1.22.7", "1.11.4").carry_out(upgrade)
    return progress


def test_every_step_is_carried_out_in_order() -> None:
    fleet = FakeFleet()
    progress = carry_out(fleet)
    assert fleet.done == [
        "lead Nomad n2", "empty n1", "install n1", "admit n1", "empty n2", "install n2", "admit n2",
    ]  # fmt: skip
    assert [event.host for event in progress.of(Upgraded)] == ["n1", "n2"]


def test_a_host_has_time_to_become_healthy() -> None:
    fleet = FakeFleet(sick={"n1": 100})
    carry_out(fleet)
    assert "admit n2" in fleet.done


def test_the_first_host_that_stays_unhealthy_ends_it_and_stays_empty() -> None:
    fleet = FakeFleet(sick={"n1": 100000})
    with pytest.raises(
        DeployError, match="n1 is not healthy after its upgrade: Nomad calls it down; not touched: n2"
    ):
        carry_out(fleet)
    assert fleet.done[-1] == "install n1"


def test_nothing_is_touched_while_a_server_is_missing() -> None:
    fleet = FakeFleet(ill=("Nomad: server n3 is not healthy",))
    with pytest.raises(DeployError, match="server n3"):
        carry_out(fleet)
    assert fleet.done == []


def test_nothing_is_touched_where_the_plan_is_refused() -> None:
    fleet = FakeFleet()
    with pytest.raises(HashistackError, match="going back"):
        carry_out(fleet, Upgrade(STEPS, refusals=(downgrade("n1", "Nomad", "2.0.1", "1.11.4"),)))
    assert fleet.done == []
