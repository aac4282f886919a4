"""What operators do on a working day, while requests come in: not one of them fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.bed.machine import Machine
from tests.local.api import until
from tests.machines import load
from tests.machines.site import HOST, Site
from tests.machines.times import step

BOOTED = "systemctl show --property UserspaceTimestampMonotonic --value"
STARTED = "systemctl show --property ActiveEnterTimestampMonotonic --value"


def test_a_change_of_the_agents_configuration_rolls_over_the_servers(site: Site) -> None:
    before = _started(site, "nomad")
    racks = {name: {**host, "rack": f"rack-{name}"} for name, host in site.factory["hosts"].items()}
    site.change(hosts=racks)
    with undisturbed(site, "rolling change of the agents' configuration"):
        site.up()
    after = _started(site, "nomad")
    assert all(new > old for new, old in zip(after, before, strict=True))
    assert after == sorted(after), "one server after another, in the order of their names"
    assert {_rack(site, node["ID"]) for node in site.api("/v1/nodes")} == {"rack-h1", "rack-h2", "rack-h3"}


def test_an_upgrade_of_nomad(site: Site) -> None:
    site.change(software={"nomad": "1.11.4"})
    with undisturbed(site, "upgrade of Nomad 1.11.3 to 1.11.4"):
        site.done("upgrade", "-e", "factory")
    assert {node["Version"] for node in site.api("/v1/nodes")} == {"1.11.4"}


def test_a_machine_is_drained_and_comes_back(site: Site) -> None:
    node = _node(site, "h2")
    with undisturbed(site, "drain of a machine"):
        site.nomad("node", "drain", "-enable", "-yes", "-deadline", "60s", node)
        assert site.nodes()["h2"] == "ineligible"
        site.nomad("node", "drain", "-disable", "-yes", node)
        until(lambda: site.answers(site.bed.machine("h2").address))


def test_a_machine_is_rebooted(site: Site) -> None:
    machine = site.bed.machine("h2")
    booted = machine.run(BOOTED)
    with undisturbed(site, "reboot of a machine"):
        machine.ssh("systemctl reboot")
        until(lambda: machine.ssh(BOOTED).stdout not in ("", booted), 120)
        until(lambda: site.nodes() == {"h1": "ready", "h2": "ready", "h3": "ready"}, 60)
        until(lambda: site.answers(machine.address))


@contextmanager
def undisturbed(site: Site, name: str) -> Iterator[None]:
    """Ask the app all the time while something is done, and afterwards for a moment; no request may fail."""
    with step(name) as watch:
        with load.requests(site.ingresses, HOST) as seen:
            yield
        watch.note = str(seen)
    assert seen.answered > 20
    assert seen.failed == []


def _started(site: Site, unit: str) -> list[int]:
    return [int(machine.run(f"{STARTED} {unit}")) for machine in _servers(site)]


def _servers(site: Site) -> list[Machine]:
    return [site.bed.machine(name) for name in ("h1", "h2", "h3")]


def _node(site: Site, name: str) -> str:
    return str(next(node["ID"] for node in site.api("/v1/nodes") if node["Name"] == name))


def _rack(site: Site, node: str) -> str:
    return str(site.api(f"/v1/node/{node}")["Meta"]["rack"])
