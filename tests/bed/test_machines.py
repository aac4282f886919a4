"""The booted machines themselves: what the tests of bare metal stand on, and that nothing of them stays behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import factory, mirror, processes
from tests.bed.factory import Factory
from tests.bed.machine import Machine
from tests.bed.missing import BedError
from tests.bed.processes import run
from tests.conftest import needed

# All tests of machines would fail with these; what fails there is looked for here.
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
HOLDER = """
import time
from tests.bed import factory
with factory.running(1) as bed:
    print(bed.folder, flush=True)
    time.sleep(600)
"""
FAILS_ONCE = """[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c "mkdir /run/{0} && exit {1} || exit 0"
[Install]
WantedBy=multi-user.target
"""


@pytest.fixture(scope="module")
def bed() -> Iterator[Factory]:
    with needed():
        factory.ensure_possible()
    with factory.running(2) as running:
        yield running
    nothing_left(running)


@pytest.fixture
def machine(bed: Factory) -> Machine:
    return bed.machine("h1")


def test_a_machine_is_bare_and_fully_booted(machine: Machine) -> None:
    assert machine.run("systemctl is-system-running", user="admin") == "running\n"
    assert machine.run("sudo --non-interactive id --user", user="admin") == "0\n"
    found = machine.ssh("command -v docker dockerd nomad consul python3 terraform nft dnsmasq")
    assert found.stdout == ""


def test_no_two_machines_share_a_host_key_or_an_id(bed: Factory) -> None:
    first, second = (one.host_keys for one in bed.machines)
    assert {key.split()[0] for key in first} == {"ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-rsa"}
    assert not set(first) & set(second)
    assert len({one.run("cat /etc/machine-id") for one in bed.machines}) == 2


def test_machines_reach_each_other_and_the_mirror_and_nothing_else(bed: Factory, machine: Machine) -> None:
    assert machine.ssh(f"ping -c1 -W1 {bed.machine('h2').address}").returncode == 0
    assert machine.run("getent hosts h2.lan").split()[0] == bed.machine("h2").address
    assert machine.ssh("getent hosts elsewhere.example").returncode == 2
    assert machine.ssh(f"curl --silent --max-time 5 http://{bed.gateway}:{mirror.PORT}/v2/").returncode == 0
    assert machine.ssh("ping -c1 -W1 192.0.2.1").returncode == 1


def test_the_mirror_has_packages_and_release_archives(bed: Factory, machine: Machine) -> None:
    machine.run("apt-get update && apt-get install --yes --no-install-recommends unzip")
    assert {"nomad_1.11.4", "nomad_1.11.3"} <= {name.partition("_linux")[0] for name in bed.checksums()}
    name, checksum = next(item for item in bed.checksums().items() if item[0].startswith("nomad_1.11.4"))
    machine.run(f"curl --silent --fail --remote-name {bed.mirror}/nomad/1.11.4/{name}")
    machine.run(f"echo {checksum} {name} | sha256sum --check && unzip -q {name} -d /usr/local/bin")
    assert machine.run("nomad version").startswith("Nomad v1.11.4")


def test_a_reboot_from_within_keeps_the_disk_and_nothing_of_the_network(machine: Machine) -> None:
    machine.run("touch /root/kept; ip link add extra type dummy; sync")
    before = machine.run(
        "cat /proc/sys/kernel/random/boot_id /etc/machine-id; systemctl show -P UserspaceTimestamp"
    )
    machine.ssh("systemctl reboot")
    processes.wait_for(lambda: "extra" not in machine.ssh("ip link").stdout, seconds=30)
    machine.wait()
    assert machine.ssh("ls /root/kept").returncode == 0
    assert "extra" not in machine.run("ip link")
    after = machine.run(
        "cat /proc/sys/kernel/random/boot_id /etc/machine-id; systemctl show -P UserspaceTimestamp"
    )
    assert after.splitlines()[1] == before.splitlines()[1]
    assert after.splitlines()[2] != before.splitlines()[2]


def test_after_a_power_cut_a_machine_is_silent_and_comes_back_on_its_disk(
    bed: Factory, machine: Machine
) -> None:
    machine.run("touch /root/also-kept; sync")
    keys = machine.host_keys
    machine.power_cut()
    assert not machine.is_on()
    assert bed.machine("h2").ssh(f"ping -c1 -W1 {machine.address}").returncode == 1
    bed.boot("h1")
    assert machine.ssh("ls /root/also-kept").returncode == 0
    assert machine.host_keys == keys


def test_only_what_the_host_kept_from_starting_is_started_again(bed: Factory, machine: Machine) -> None:
    units = {"kept": 219, "broken": 1}
    for name, status in units.items():
        (machine.disk / f"etc/systemd/system/{name}.service").write_text(FAILS_ONCE.format(name, status))
        machine.run(f"systemctl enable {name}")
    machine.power_cut()
    bed.boot("h1")
    assert machine.ssh("systemctl is-active kept broken").stdout.split() == ["active", "failed"]


def test_a_machine_with_an_empty_disk_has_the_old_address_and_new_keys_or_the_old_ones(bed: Factory) -> None:
    machine = bed.machine("h1")
    machine.run("touch /root/lost")
    keys = machine.host_keys
    bed.replace("h1", keep_host_keys=True)
    assert machine.host_keys == keys
    assert machine.ssh("ls /root/lost").returncode == 2
    bed.replace("h1")
    assert not set(machine.host_keys) & set(keys)


def test_a_cable_can_be_pulled_and_put_back(bed: Factory, machine: Machine) -> None:
    machine.set_link("down")
    with pytest.raises(BedError):
        machine.run("true")
    assert machine.is_on()
    machine.set_link("up")
    started = time.monotonic()
    machine.wait()
    assert time.monotonic() - started < 20


def test_what_a_killed_run_left_is_swept_away() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        folder = Path(holder.stdout.readline().strip())
        left = factory.find(folder.name)
        assert left and left.machines[0].is_on()
        factory.sweep()
        assert left.machines[0].is_on(), "a run that lives was swept away"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert left.machines[0].is_on(), "a machine is to outlive its run, so that this test is about the sweep"
    factory.sweep()
    nothing_left(left)


def nothing_left(bed: Factory) -> None:
    assert not bed.folder.exists()
    assert processes.with_sign(str(bed.folder)) == []
    assert processes.mounts_below(bed.folder) == []
    words = [run(["ip", "netns", "list"]), run(["ip", "link"]), run(["iptables", "-S", "FORWARD"])]
    assert [text for text in words if f"{bed.lan.bridge} " in text or f"{bed.lan.bridge}-" in text] == []
