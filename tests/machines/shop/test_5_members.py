"""Machines come and go: one with an empty disk in the place of another, a fourth, and three again."""

from __future__ import annotations

from hashistack.diagnostics import Exit
from tests.bed.machine import Machine
from tests.local.api import until
from tests.machines import site as sites
from tests.machines.shop.keeper import COUNTER, counted, keeper
from tests.machines.site import Site
from tests.machines.times import step

READY = {"h1": "ready", "h2": "ready", "h3": "ready"}
FEW = 5  # counted since it began: by this test alone
OURS = "ls -d /etc/hashistack /etc/nomad.d /etc/consul.d /usr/local/bin/nomad /usr/local/bin/consul"


def test_a_machine_with_another_host_key_is_not_trusted(site: Site) -> None:
    """The machine that is lost is the one that had the cache, with all that was in it."""
    name = keeper(site)
    site.bed.replace(name)
    result = site.run("up", "-e", "factory", "--version", "v1")
    assert result.returncode != 0
    assert name in result.stderr
    assert "key" in result.stderr


def test_a_machine_with_an_empty_disk_takes_the_place_of_another(site: Site) -> None:
    name = keeper(site)
    old = site.factory["hosts"][name]
    site.change(hosts={name: sites.host(site.bed.machine(name), tuple(old["roles"]), old["rack"])})
    with step("a machine with an empty disk is made a member"):
        result = site.run("up", "-e", "factory", "--version", "v1", seconds=900)
    assert result.returncode == Exit.CONFLICT, result.stderr
    assert f"shop-cache has no member left: what it had was on {name}" in result.stderr
    assert f"hashistack replace-node {name} --lost -e factory" in result.stderr
    until(lambda: site.nodes() == READY, 30)
    until(lambda: all(site.answers(address) for address in site.ingresses))
    until(lambda: site.consul("operator", "raft", "list-peers").count("true") == 3)
    assert len(site.api("/v1/status/peers")) == 3


def test_what_only_that_machine_had_is_given_up_when_it_is_said(site: Site) -> None:
    name = keeper(site)
    refused = site.run("replace-node", name, "-e", "factory", "--yes")
    assert (refused.returncode, "--lost" in refused.stderr) == (Exit.FAILED, True)
    assert not site.answers(site.ingresses[0], COUNTER)
    with step("a service whose data is lost begins empty"):
        site.done("replace-node", name, "--lost", "-e", "factory", "--yes")
    until(lambda: site.answers(site.ingresses[0], COUNTER))
    assert counted(site, site.ingresses[0]) < FEW
    with step("... and up has nothing to do"):
        site.up()


def test_a_fourth_machine_is_added(site: Site) -> None:
    site.bed.boot("h4")
    site.change(hosts={"h4": sites.host(site.bed.machine("h4"), ("client", "ingress"), "rack-h4")})
    with step("a fourth machine is made a member"):
        site.up()
    assert site.nodes() == {**READY, "h4": "ready"}
    until(lambda: site.answers(site.bed.machine("h4").address))


def test_a_machine_is_removed_and_left_clean(site: Site) -> None:
    site.change(hosts={"h4": None})
    with step("a machine is removed"):
        site.up()
    assert site.nodes() == READY
    assert "h4" not in site.consul("members")
    assert clean(site.bed.machine("h4"))


def clean(machine: Machine) -> bool:
    """Tell whether nothing of ours is left on a machine."""
    return machine.ssh(OURS).stdout == "" and machine.ssh("id consul").returncode != 0
