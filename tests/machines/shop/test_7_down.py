"""`doctor` on a sick and on a healthy cluster, then `down`: the machines are bare again."""

from __future__ import annotations

from tests.bed.machine import Machine
from tests.bed.processes import run
from tests.local.api import until
from tests.machines.site import Site
from tests.machines.times import step

DATA = {"/opt/consul", "/opt/nomad", "/var/lib/hashistack"}
NAMES = "'*nomad*' '*consul*' '*hashistack*' '*docker*' '*keepalived*'"
UNITS = (
    f"systemctl list-unit-files --no-legend {NAMES}; "
    f"systemctl list-units --no-legend --plain --state=active,activating,failed {NAMES}"
)
FILES = (
    (
        "find / -xdev ( -path /proc -o -path /sys -o -path /run -o -path /opt -o -path /var/lib/hashistack ) -prune -o "
        "( -iname '*hashistack*' -o -iname '*nomad*' -o -iname '*consul*' ) -print"
    )
    .replace("(", "\\(")
    .replace(")", "\\)")
)


def test_doctor_finds_what_is_broken_and_says_how_to_mend_it(site: Site) -> None:
    # What was restored a moment ago may still move instances.
    until(lambda: site.run("doctor", "-e", "factory").returncode == 0, 120)
    site.done("doctor", "-e", "factory")
    machine = site.bed.machine("h3")
    machine.run("systemctl stop docker docker.socket")
    result = site.run("doctor", "-e", "factory")
    machine.run("systemctl start docker.socket docker")
    assert result.returncode == 1
    assert "h3" in result.stdout + result.stderr
    assert "docker" in (result.stdout + result.stderr).lower()


def test_down_leaves_nothing_but_the_data(site: Site) -> None:
    for machine in _members(site):
        machine.run("touch /etc/hashistack/purge")  # as a `down --purge` leaves it that was interrupted
    with step("down"):
        site.done("down", "-e", "factory", "--yes")
    for machine in _members(site):
        bare(machine)
        kept = set(machine.run("ls -d /opt/* /var/lib/hashistack").split())
        assert kept == DATA, machine.name


def test_up_after_down_finds_its_data_again(site: Site) -> None:
    with step("up after down, on data that was kept", goal=120):
        site.up()
    assert all(site.answers(address) for address in site.ingresses)


def test_down_with_purge_leaves_nothing_at_all(site: Site) -> None:
    with step("down --purge"):
        site.done("down", "-e", "factory", "--yes", "--purge")
    for machine in _members(site):
        bare(machine)
        assert machine.ssh("ls -A -d /opt/* /var/lib/hashistack").stdout == "", machine.name
    assert not list((site.folder / "state" / "hashistack").glob("*@factory"))


def bare(machine: Machine) -> None:
    """Fail with what is left of us on a machine."""
    assert machine.run(UNITS) == "", machine.name
    assert machine.run(FILES) == "", machine.name
    assert machine.ssh("command -v docker nomad consul dnsmasq keepalived").stdout == "", machine.name
    assert machine.ssh("getent passwd consul nomad").stdout == "", machine.name
    assert machine.ssh("pgrep --list-full 'nomad|consul|dockerd|containerd|traefik|dnsmasq'").stdout == ""
    assert machine.run("ip -brief link | cut -d' ' -f 1 | cut -d@ -f 1").split() == ["lo", "eth0"], (
        machine.name
    )
    # Asked from outside: the machine's own nft has gone with us.
    listed = run(["ip", "netns", "exec", machine.namespace, "nft", "list", "ruleset"]).splitlines()
    # Chains that hold nothing stay where iptables has once been asked.
    assert [line for line in listed if line.startswith("\t\t") and "policy accept" not in line] == [], (
        machine.name
    )
    assert machine.run("cat /etc/resolv.conf") == f"nameserver {machine.lan.gateway}\n", machine.name


def _members(site: Site) -> list[Machine]:
    return [site.bed.machine(name) for name in site.factory["hosts"]]
