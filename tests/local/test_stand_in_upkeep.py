"""What a stand-in says, saves and holds, on a real Nomad and a real Consul."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hashistack.backends.backup_file import opened
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.exec import Exec, Task
from hashistack.backends.holders import Holders
from hashistack.backends.nomad import Nomad
from hashistack.backends.reports import Reports
from hashistack.backends.service_backup import ServiceBackup
from hashistack.diagnostics import BackendError, DeployError, UsageProblem
from hashistack.plan.report import Member
from tests.bed.agents import Agents
from tests.local import upkeep
from tests.local.upkeep import STAND_IN


@pytest.fixture(scope="module")
def task(cluster: Agents) -> Iterator[Task]:
    with upkeep.running(cluster) as task:
        yield task


@pytest.fixture
def nomad(cluster: Agents) -> Nomad:
    return Nomad(Endpoint("Nomad", cluster.nomad_addr))


def inside(nomad: Nomad, task: Task, script: str, given: bytes = b"") -> bytes:
    out = io.BytesIO()
    stdin = io.BytesIO(given)
    code = Exec(nomad.endpoint).run(task, ("sh", "-c", script), out=out.write, err=out.write, stdin=stdin)
    assert code == 0, out.getvalue()
    return out.getvalue()


def write(cluster: Agents, key: str, text: str) -> None:
    request = urllib.request.Request(f"{cluster.consul_addr}/v1/kv/{key}", text.encode(), method="PUT")
    urllib.request.urlopen(request, timeout=10).close()


def test_a_stand_in_tells_how_it_is(nomad: Nomad, task: Task) -> None:
    answer = Reports(nomad).of((STAND_IN,))["upkeep"]
    assert answer.report is not None, answer.problem
    assert (answer.report.quorum, answer.report.full, answer.report.version) == (True, True, "1.2.3")
    assert answer.report.members == (Member("1", "127.0.0.1", "leader", "ok"),)
    assert Reports(nomad).instances(STAND_IN) == [task]


def test_one_that_cannot_tell_says_so(nomad: Nomad, task: Task) -> None:
    inside(nomad, task, "touch /data/mute")
    try:
        answer = Reports(nomad).of((STAND_IN,))["upkeep"]
    finally:
        inside(nomad, task, "rm /data/mute")
    assert answer.report is None
    assert "/local/report.sh ended with 5" in answer.problem


def test_what_it_keeps_becomes_a_file_and_comes_back(nomad: Nomad, task: Task, tmp_path: Path) -> None:
    kept = bytes(range(256)) * 20_000
    inside(nomad, task, "cat > /data/kept", kept)
    file = tmp_path / "new" / "upkeep.backup"
    assert ServiceBackup(nomad, STAND_IN).save(file) == len(kept)
    assert file.read_bytes() == kept
    assert file.stat().st_mode & 0o777 == 0o600
    inside(nomad, task, "echo spoiled > /data/kept")
    with opened(file) as backup:
        ServiceBackup(nomad, STAND_IN).restore(backup)
    assert inside(nomad, task, "cat /data/kept") == kept


def test_nothing_is_left_of_a_backup_that_fails(nomad: Nomad, task: Task, tmp_path: Path) -> None:
    inside(nomad, task, "touch /data/broken; echo half > /data/kept")
    try:
        with pytest.raises(DeployError, match="ended with 4: no disk"):
            ServiceBackup(nomad, STAND_IN).save(tmp_path / "upkeep.backup")
        inside(nomad, task, "rm /data/broken; : > /data/kept")
        with pytest.raises(DeployError, match="wrote nothing"):
            ServiceBackup(nomad, STAND_IN).save(tmp_path / "upkeep.backup")
    finally:
        inside(nomad, task, "rm -f /data/broken")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_never_overwrites(nomad: Nomad, task: Task, tmp_path: Path) -> None:
    (tmp_path / "upkeep.backup").write_text("precious")
    with pytest.raises(UsageProblem, match="exists already"):
        ServiceBackup(nomad, STAND_IN).save(tmp_path / "upkeep.backup")


def test_an_engine_without_the_script_is_told_apart(nomad: Nomad, task: Task, tmp_path: Path) -> None:
    inside(nomad, task, "mv /local/backup.sh /local/away")
    try:
        with pytest.raises(UsageProblem, match="cannot be saved this way"):
            ServiceBackup(nomad, STAND_IN).save(tmp_path / "upkeep.backup")
    finally:
        inside(nomad, task, "mv /local/away /local/backup.sh")


def test_claims_and_places_are_seen_and_released(cluster: Agents, nomad: Nomad, task: Task) -> None:
    (machine,) = nomad.nodes()
    key = "hashistack/upkeep/members/1"
    write(cluster, key, f"{machine['ID']} 10.0.0.1")
    holders = Holders(Endpoint("Consul", cluster.consul_addr), nomad.endpoint)
    found = holders.read(("upkeep",))
    ((claim,), (place,)) = found.claims, found.places
    (volume,) = found.volumes
    assert (place.node, place.address) == (machine["ID"], "10.0.0.1")
    assert (claim.job, claim.volume, volume.node) == ("upkeep", volume.id, machine["ID"])
    assert holders.members("upkeep") == 1
    with pytest.raises(BackendError, match="changed by somebody else"):
        write(cluster, key, "another 10.0.0.2")
        holders.release_place(place)
    (place,) = holders.read(("upkeep",)).places
    holders.release_place(place)
    holders.release_claim(claim.id)
    after = holders.read(("upkeep",))
    assert (after.claims, after.places) == ((), ())
    holders.release_claim(claim.id)


def test_it_says_that_nothing_runs(nomad: Nomad, tmp_path: Path) -> None:
    nobody = replace(STAND_IN, job="nobody", name="nobody")
    assert Reports(nomad).of((nobody,))["nobody"].problem == "no member runs"
    with pytest.raises(BackendError, match="no instance of nobody runs"):
        ServiceBackup(nomad, nobody).save(tmp_path / "x")
