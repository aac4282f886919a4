"""All stand-ins at once under an app that uses every one: they formed, they fit, a second `up` leaves them alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.local.api import until
from tests.machines.stand_ins import site as sites
from tests.machines.stand_ins.site import StandIns
from tests.machines.times import record, step

GIBIBYTE = 1 << 30
NUMBERS_COME = 90.0  # seconds: Kafka's once a minute
NANOSECONDS = 1e9
# How the numbers for Prometheus are asked for, and how one of the lines begins.
NUMBERS = {
    "db": ("https", "patroni_postgres_running{"),
    "cache": ("http", "redis_up 1"),
    "devices": ("http", "rabbitmq_"),
    "events": ("http", "kafka_controller_kafkacontroller_activecontrollercount "),
    "telemetry": ("http", "gnatsd_varz_connections "),
    "uploads": ("http", "SeaweedFS_"),
    "docs": ("http", "ferretdb_"),
}


@pytest.mark.parametrize("service", sites.SERVICES)
def test_a_cluster_forms(site: StandIns, service: str) -> None:
    """Take the times from Nomad: until the last member passes what a deployment asks for."""
    job = site.api(f"/v1/job/{site.job(service)}")
    members = site.instances(service)
    assert len({member.node for member in members}) == sites.SERVICES[service]["nodes"]
    found = [site.api(f"/v1/allocation/{member.id}") for member in members]
    assert all(each["DeploymentStatus"]["Healthy"] for each in found)
    last = max(_nanoseconds(each["DeploymentStatus"]["Timestamp"]) for each in found)
    # Before the first process the images are fetched, which is the network's time and not the cluster's.
    first = min(
        _nanoseconds(task["StartedAt"])
        for each in found
        for task in each["TaskStates"].values()
        if task["StartedAt"]
    )
    together = len(sites.chosen())
    note = f"{(last - job['SubmitTime']) / NANOSECONDS:.1f} s from job run, {together} services at once"
    goal = 60 if service == "events" and together == 1 else None
    record(
        f"{service} forms: from its first process to every member whole",
        (last - first) / NANOSECONDS,
        goal=goal,
        note=note,
    )


def test_the_app_uses_every_one(site: StandIns) -> None:
    address = site.ingresses[0]
    until(lambda: site.ask(address, "/services")[0] == 200, seconds=60)
    answer = site.ask(address, "/services")[1]
    assert set(answer.values()) == {"ok"}, answer
    assert set(answer) >= set(sites.SERVICES) - {"telemetry"}


@pytest.mark.parametrize("service", NUMBERS)
def test_every_node_has_numbers_for_prometheus(site: StandIns, service: str) -> None:
    scheme, beginning = NUMBERS[service]
    path = "/debug/metrics" if service == "docs" else "/metrics"
    nodes = {address for address, _ in site.healthy(service, "-metrics")}
    assert len(nodes) == sites.SERVICES[service]["nodes"]

    def all_tell() -> bool:
        return all(f"\n{beginning}" in said for said in site.numbers(service, scheme, path))

    until(all_tell, seconds=NUMBERS_COME)


def test_three_machines_with_all_of_it_take_no_more_than_20_gibibytes(site: StandIns) -> None:
    used = sum(_memory(machine.folder) for machine in site.bed.machines)
    record("memory of the three machines in GiB", used / GIBIBYTE)
    assert used <= 20 * GIBIBYTE


def test_a_second_up_changes_nothing(site: StandIns) -> None:
    before = {service: site.api(f"/v1/job/{site.job(service)}")["Version"] for service in sites.SERVICES}
    with step("up again with every stand-in, nothing to do", goal=30):
        site.up()
    assert {
        service: site.api(f"/v1/job/{site.job(service)}")["Version"] for service in sites.SERVICES
    } == before


def test_status_shows_members_and_leader(site: StandIns) -> None:
    said = site.done("status", "-e", site.environment)
    for service in sites.SERVICES:
        assert service in said


def _nanoseconds(timestamp: str) -> float:
    """Read RFC 3339 with nanoseconds, of which Python knows six digits."""
    return datetime.fromisoformat(timestamp).timestamp() * NANOSECONDS


def _memory(folder: Path) -> int:
    """Return the bytes that the processes of a machine have for themselves, shared ones in parts (smaps: Pss)."""
    return sum(_pss(pid) for pid in _family(int((folder / "pid").read_text())))


def _family(pid: int) -> list[int]:
    try:
        tasks = [task / "children" for task in Path(f"/proc/{pid}/task").iterdir()]
        children = [int(word) for task in tasks for word in task.read_text().split()]
    except OSError:
        return []
    return [pid, *(each for child in children for each in _family(child))]


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
