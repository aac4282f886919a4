"""What the cluster knows is saved, lost and there again."""

from __future__ import annotations

from tests.local.api import until
from tests.machines.site import Site
from tests.machines.times import step

LOSE = "systemctl stop nomad consul; rm -rf /opt/consul/* /opt/nomad/server"


def test_what_was_saved_is_there_again_after_all_servers_lost_their_data(site: Site) -> None:
    before = _jobs(site)
    site.nomad("var", "put", "nomad/jobs/kept", "value=42")
    site.consul("kv", "put", "kept", "42")
    with step("backup"):
        site.done("backup", "-e", "factory", str(site.folder / "saved"))
    for machine in site.bed.machines:
        if machine.name in site.factory["hosts"]:
            machine.run(LOSE)
    with step("a cluster without data is made again, and restored"):
        site.up()
        site.done("restore", "-e", "factory", "--yes", str(site.folder / "saved"))
    assert _jobs(site) == before
    assert "42" in site.nomad("var", "get", "-item=value", "nomad/jobs/kept")
    assert site.consul("kv", "get", "kept").strip() == "42"
    until(lambda: all(site.answers(address) for address in site.ingresses), 120)


def test_snapshots_are_made_on_a_schedule(site: Site) -> None:
    for machine in site.bed.machines[:3]:
        machine.run("systemctl start hashistack-snapshot")
        assert "hashistack-snapshot.timer" in machine.run("systemctl list-timers --all")
    files = "".join(
        machine.run("ls /var/lib/hashistack/snapshots || true") for machine in site.bed.machines[:3]
    )
    assert "nomad" in files
    assert "consul" in files


def _jobs(site: Site) -> list[str]:
    return sorted(job["ID"] for job in site.api("/v1/jobs") if job["Status"] != "dead")
