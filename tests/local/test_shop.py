"""examples/shop, end to end: one descriptor, `hashistack up`, and a real Nomad, Consul, Traefik and Valkey.

The tests stand in the order in which a team would live through them, and share one running shop.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.engine import Engine
from tests.local import api
from tests.local.shop import ADMIN_HOST, Shop, created, image, request_loop


@pytest.fixture(scope="module")
def shop(
    docker: Engine, nomad_binary: Path, consul_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    binaries = tmp_path_factory.mktemp("bin")
    (binaries / "nomad").symlink_to(nomad_binary)
    (binaries / "consul").symlink_to(consul_binary)
    for version in ("v1", "v2"):
        image(docker, version)
    image(docker, "unhealthy", FAIL_HEALTH="1")
    image(docker, "no-release", FAIL_RELEASE="1")
    with created(docker, tmp_path_factory.mktemp("shop"), binaries) as running:
        first = running.up("v1")
        assert first.returncode == 0, first.stdout + first.stderr
        yield running


def test_it_answers_by_host_and_path_through_the_ingress(shop: Shop) -> None:
    status, answer = shop.ask("/")
    assert (status, answer["version"]) == (200, "v1")
    assert shop.ask("/api/products")[0] == 200
    assert shop.ask("/", host="other.localhost")[0] == 404


def test_an_internal_process_answers_only_at_the_internal_entry_point(shop: Shop) -> None:
    assert shop.ask("/", host=ADMIN_HOST, port=shop.internal_port)[0] == 200
    assert shop.ask("/", host=ADMIN_HOST)[0] == 404
    assert shop.ask("/", port=shop.internal_port)[0] == 404


def test_the_release_step_ran_before_the_processes(shop: Shop) -> None:
    assert shop.ask("/api/version")[1]["schema"] == "2"


def test_web_and_worker_share_state_through_valkey(shop: Shop) -> None:
    _, order = shop.ask("/orders", method="POST")
    done = api.until(lambda: (found := shop.ask(f"/orders/{order['id']}")[1])["state"] == "done" and found)
    assert done["id"] == order["id"]
    hosts = {shop.ask("/counter")[1]["host"] for _ in range(20)}
    assert len(hosts) == 2, "two instances should take turns"


def test_a_second_up_changes_nothing(shop: Shop) -> None:
    before = api.get(shop.nomad, "/v1/job/shop")["Version"]
    again = shop.up("v1")
    assert again.returncode == 0, again.stderr
    assert api.get(shop.nomad, "/v1/job/shop")["Version"] == before


def test_status_shows_versions_health_and_addresses(shop: Shop) -> None:
    told = shop.run("status", "-e", "laptop")
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"http://shop.localhost:{shop.port}" in told.stdout
    for word in ("web", "worker", "nightly", "cache", "v1"):
        assert word in told.stdout
    assert json.loads(shop.run("status", "-e", "laptop", "--json").stdout)


def test_plan_says_what_another_version_would_change(shop: Shop) -> None:
    same = shop.run("plan", "-e", "laptop", "--version", "v1", "--detailed-exitcode")
    assert same.returncode == 0, same.stdout + same.stderr
    other = shop.run("plan", "-e", "laptop", "--version", "v2", "--detailed-exitcode")
    assert other.returncode == 2, other.stdout + other.stderr
    assert "submit job shop, version v2 (now v1)" in other.stdout
    assert shop.ask("/")[1]["version"] == "v1"


def test_a_secret_is_nowhere_but_in_nomads_variables(shop: Shop) -> None:
    value = re.search("SESSION_KEY=(.*)", (shop.folder / "secrets.env").read_text())
    assert value
    stored = api.get(shop.nomad, "/v1/var/nomad/jobs/shop")["Items"]
    assert stored["SESSION_KEY"] == value[1]
    told = shop.run("secrets", "list", "-e", "laptop")
    assert "SESSION_KEY" in told.stdout
    assert value[1] not in told.stdout
    assert value[1] not in json.dumps(api.get(shop.nomad, "/v1/job/shop"))
    for path in [*(shop.folder / "stack").rglob("*.hcl"), *(shop.folder / "state").rglob("*.json")]:
        assert value[1] not in path.read_text()


def test_a_release_step_that_fails_changes_nothing(shop: Shop) -> None:
    before = api.get(shop.nomad, "/v1/job/shop")["Version"]
    failed = shop.up("no-release")
    assert failed.returncode == 1
    assert "FAIL_RELEASE is set" in failed.stderr, "the log of the release step is shown"
    assert api.get(shop.nomad, "/v1/job/shop")["Version"] == before
    assert shop.ask("/")[1]["version"] == "v1"


def test_a_version_that_never_gets_healthy_is_reverted_while_the_old_one_serves(shop: Shop) -> None:
    with request_loop(shop) as requests:
        failed = shop.up("unhealthy")
    assert failed.returncode == 1
    assert requests.failed == []
    assert set(requests.versions) == {"v1"}
    assert "/health" in failed.stderr, "the message names the check"
    assert "500" in failed.stderr, "and what it answered"


def test_a_new_version_rolls_without_a_failed_request(shop: Shop) -> None:
    with request_loop(shop) as requests:
        rolled = shop.up("v2")
    assert rolled.returncode == 0, rolled.stderr
    assert requests.failed == []
    assert requests.answered > 500
    assert set(requests.versions) == {"v1", "v2"}
    assert {shop.ask("/")[1]["version"] for _ in range(10)} == {"v2"}


def test_a_killed_container_comes_back(shop: Shop, docker: Engine) -> None:
    worker = shop.allocations("shop", "worker")[0]
    container = docker.docker("ps", "--quiet", "--no-trunc", "--filter", f"name={worker['ID']}").split()
    assert len(container) == 1
    docker.docker("kill", container[0])
    restarted = api.until(
        lambda: (
            (new := shop.allocations("shop", "worker")) and new[0]["TaskStates"]["worker"]["Restarts"] == 1
        )
    )
    assert restarted


def test_another_instance_of_valkey_has_the_data_of_the_last_one(shop: Shop) -> None:
    before = counter(shop)
    assert before
    old = shop.allocations("shop-cache")[0]["ID"]
    api.put(shop.nomad, f"/v1/allocation/{old}/stop", None)
    api.until(lambda: [each for each in api.running(shop.nomad, "shop-cache") if each["ID"] != old])
    # Its volume stays where it is, and so does its port.
    assert api.until(lambda: counter(shop), seconds=90) > before


def test_a_scheduled_process_can_be_forced(shop: Shop) -> None:
    before = len(children(shop))
    api.put(shop.nomad, "/v1/job/shop-nightly/periodic/force", None)
    api.until(lambda: len(children(shop)) == before + 1)
    api.until(lambda: children(shop)[-1]["Status"] == "dead")
    assert api.until(lambda: report(shop))["orders"] >= 1


def test_a_scheduled_process_does_not_overlap(shop: Shop) -> None:
    hcl = (shop.folder / "stack/laptop/jobs/shop-nightly.nomad.hcl").read_text()
    # Nomad's own seven fields begin with seconds: what is tested is prohibit_overlap, not the patience of the test.
    often = hcl.replace('"0 3 * * *"', '"*/2 * * * * * *"').replace(
        '-m shop.report"', '-m shop.report; sleep 7"'
    )
    assert often.count("*/2") == often.count("sleep 7") == 1
    api.submit(shop.nomad, often, version="v2")
    try:
        seen, end = set(), time.monotonic() + 25
        while time.monotonic() < end:
            alive = [job["ID"] for job in children(shop) if job["Status"] in ("running", "pending")]
            assert len(alive) <= 1, alive
            seen.update(alive)
            time.sleep(0.3)
        assert len(seen) >= 2, "it should have run more than once"
    finally:
        api.submit(shop.nomad, hcl, version="v2")


def test_a_job_that_is_not_ours_is_never_overwritten(shop: Shop) -> None:
    hcl = (shop.folder / "stack/laptop/jobs/shop-nightly.nomad.hcl").read_text()
    api.submit(shop.nomad, re.sub(r"  meta = \{.*?\n  \}\n", "", hcl, flags=re.DOTALL), version="other")
    refused = shop.up("v2")
    assert refused.returncode == 3
    assert "shop-nightly" in refused.stderr
    assert "--adopt" in refused.stderr
    adopted = shop.up("v2", "--adopt")
    assert adopted.returncode == 0, adopted.stderr


def test_secrets_come_from_standard_input_and_can_be_unset(shop: Shop) -> None:
    assert shop.run("secrets", "set", "SESSION_KEY", "-e", "laptop", stdin="another one").returncode == 0
    assert api.get(shop.nomad, "/v1/var/nomad/jobs/shop")["Items"]["SESSION_KEY"] == "another one"
    assert shop.run("secrets", "unset", "SESSION_KEY", "-e", "laptop").returncode == 0
    assert "SESSION_KEY" not in json.dumps(api.get(shop.nomad, "/v1/vars?prefix=nomad/jobs/shop"))
    missing = shop.run("up", "-e", "laptop", "--version", "v2")
    assert missing.returncode != 0
    assert "SESSION_KEY" in missing.stderr
    assert shop.up("v2").returncode == 0


def test_down_removes_all_but_the_data_and_a_second_down_does_no_harm(shop: Shop, docker: Engine) -> None:
    ids = [one["ID"] for job in ("shop", "shop-cache", "ingress") for one in shop.allocations(job)]
    assert ids
    down = shop.run("down", "-e", "laptop", "--yes")
    assert down.returncode == 0, down.stdout + down.stderr
    assert "keep the data of shop-cache" in down.stderr
    names = docker.docker("ps", "--all", "--format", "{{.Names}}")
    assert [one for one in ids if one in names] == []
    with pytest.raises(OSError, match="refused"):
        api.get(shop.nomad, "/v1/status/leader")
    with pytest.raises(OSError, match="refused"):
        api.get(shop.consul, "/v1/status/leader")
    again = shop.run("down", "-e", "laptop", "--yes")
    assert again.returncode == 0
    assert "--purge removes it" in again.stderr


def test_up_after_down_finds_the_data_and_its_password_again(shop: Shop) -> None:
    up = shop.up("v2")
    assert up.returncode == 0, up.stdout + up.stderr
    assert "made volume" not in up.stderr
    assert "nomad/jobs/shop-cache" not in up.stderr, "its login and its certificate are those of before"
    assert api.until(lambda: counter(shop)) > 1, "the counter went on"


def test_down_with_purge_leaves_nothing(shop: Shop) -> None:
    down = shop.run("down", "-e", "laptop", "--yes", "--purge")
    assert down.returncode == 0, down.stdout + down.stderr
    assert not list((shop.folder / "state").rglob("host_volumes"))
    assert not list((shop.folder / "state").rglob("shop@laptop.json"))


def report(shop: Shop) -> dict[str, int]:
    """Return the last nightly report; empty while there is none to be had."""
    status, answer = shop.ask("/", host=ADMIN_HOST, port=shop.internal_port)
    return (answer["report"] or {}) if status == 200 else {}


def counter(shop: Shop) -> int:
    """Count up by one; 0 while the shop cannot."""
    status, answer = shop.ask("/counter")
    return int(answer["counter"]) if status == 200 else 0


def children(shop: Shop) -> list[dict[str, str]]:
    """Return the runs of the nightly report, oldest first."""
    jobs: list[dict[str, str]] = api.get(shop.nomad, "/v1/jobs?prefix=shop-nightly/periodic-")
    return sorted(jobs, key=lambda job: job["ID"])
