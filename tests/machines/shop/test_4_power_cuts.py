"""Power cuts: of one machine, and of all at once."""

from __future__ import annotations

from tests.local.api import until
from tests.machines.shop.keeper import COUNTER, counted, keeper
from tests.machines.site import Site
from tests.machines.times import step

READY = {"h1": "ready", "h2": "ready", "h3": "ready"}


def test_without_one_machine_the_app_answers_again_soon_and_the_machine_rejoins(site: Site) -> None:
    """The cache stays with its machine: where that is the one that is cut, it is away until it is back."""
    holder, keeps = _holder(site), keeper(site)
    remaining = [one for one in site.ingresses if one != site.bed.machine(holder).address]
    before = counted(site, remaining[0])
    site.bed.machine(holder).power_cut()
    with step("power cut of one machine until the app answers through the others", goal=30):
        for address in (*remaining, site.virtual_address):
            until(lambda at=address: all(site.answers(at) for _ in range(10)), 60)  # type: ignore[misc]
    assert site.answers(remaining[0], COUNTER) == (holder != keeps)
    with step("the machine boots and rejoins"):
        site.bed.boot(holder)
        until(lambda: site.nodes() == READY, 90)
        until(lambda: site.answers(site.bed.machine(holder).address), 90)
    with step("... until the cache is back with what it had"):
        until(lambda: site.answers(remaining[0], COUNTER), 120)
    assert counted(site, remaining[0]) > before
    assert site.consul("members").count("alive") == 3
    until(lambda: site.consul("operator", "raft", "list-peers").count("true") == 3)


def test_after_a_power_cut_of_all_the_cluster_comes_back_by_itself(site: Site) -> None:
    before = counted(site, site.ingresses[0])
    for machine in site.bed.machines:
        machine.power_cut()
    with step("all machines boot again until the app answers through every ingress"):
        site.bed.boot(*(machine.name for machine in site.bed.machines))
        for address in (*site.ingresses, site.virtual_address):
            until(lambda at=address: site.answers(at), 180)  # type: ignore[misc]
        until(lambda: site.answers(site.ingresses[0], COUNTER), 120)
    assert counted(site, site.ingresses[0]) > before
    until(lambda: site.nodes() == READY, 60)


def _holder(site: Site) -> str:
    """Return the machine that has the virtual address."""
    have = [
        machine.name
        for machine in site.bed.machines
        if site.virtual_address in machine.run("ip -oneline -4 address")
    ]
    assert len(have) == 1
    return have[0]
