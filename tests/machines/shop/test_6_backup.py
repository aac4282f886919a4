"""What the cluster knows is saved, lost and there again."""

from __future__ import annotations

from hashistack.diagnostics import Exit
from tests.local.api import until
from tests.machines.loss import lose_everything
from tests.machines.shop.keeper import COUNTER, counted
from tests.machines.site import Site
from tests.machines.times import step


def test_what_was_saved_is_there_again_after_all_servers_lost_their_data(site: Site) -> None:
    before, volumes, count = site.jobs(), _volumes(site), counted(site, site.ingresses[0])
    instances = {each["ID"] for each in site.api("/v1/allocations")}
    site.nomad("var", "put", "-force", "nomad/jobs/kept", "value=42")
    site.consul("kv", "put", "kept", "42")
    with step("backup"):
        saved = site.run("backup", "-e", "factory", "--to", str(site.folder)).stdout.strip()
    lose_everything([site.bed.machine(name) for name in site.factory["hosts"]])
    with step("a cluster without data is made again"):
        result = site.run("up", "-e", "factory", "--version", "v1", "--secrets-file", str(site.secrets_file))
    # Beside the cache's old data on its machine, nothing is begun that would know nothing of it.
    assert result.returncode == Exit.CONFLICT, result.stderr
    assert "still has the data of shop-cache" in result.stderr
    assert "hashistack restore FOLDER" in result.stderr
    with step("... and every machine has ended what its servers do not know"):
        until(lambda: instances.isdisjoint(_folders(site)), 120)
    with step("... and restored"):
        site.done("restore", "-e", "factory", "--yes", saved)
    assert site.jobs() == before
    assert "42" in site.nomad("var", "get", "-item=value", "nomad/jobs/kept")
    assert site.consul("kv", "get", "kept").strip() == "42"
    until(lambda: all(site.answers(address, COUNTER) for address in site.ingresses), 120)
    assert counted(site, site.ingresses[0]) > count
    with step("... and up has nothing to do"):
        site.up()
    assert _volumes(site) == volumes


def test_snapshots_are_made_on_a_schedule(site: Site) -> None:
    for machine in site.bed.machines[:3]:
        machine.run("systemctl start hashistack-snapshot")
        assert "hashistack-snapshot.timer" in machine.run("systemctl list-timers --all")
    files = "".join(
        machine.run("ls /var/lib/hashistack/snapshots || true") for machine in site.bed.machines[:3]
    )
    assert "nomad" in files
    assert "consul" in files


def _folders(site: Site) -> list[str]:
    """Return the names of the instances that have a folder on a machine."""
    hosts = site.factory["hosts"]
    return [each for name in hosts for each in site.bed.machine(name).run("ls /opt/nomad/alloc").split()]


def _volumes(site: Site) -> list[tuple[str, str]]:
    return sorted((volume["ID"], volume["NodeID"]) for volume in site.api("/v1/volumes?type=host"))
