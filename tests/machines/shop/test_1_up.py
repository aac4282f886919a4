"""From bare machines to the shop: what is there after the first `up`, and after the second."""

from __future__ import annotations

import json

from tests.local.api import until
from tests.machines.site import Site
from tests.machines.times import step

STARTED = "systemctl show --property ActiveEnterTimestampMonotonic --value consul nomad docker"


def test_the_shop_answers_through_every_ingress_and_the_virtual_address(site: Site) -> None:
    for address in (*site.ingresses, site.virtual_address):
        status, answer = site.ask(address)
        assert (status, answer["version"]) == (200, "v1"), address
    status, _ = site.ask(site.ingresses[0], host="other.example")
    assert status == 404


def test_its_parts_find_each_other(site: Site) -> None:
    address = site.ingresses[0]
    _, order = site.ask(address, "/orders", method="POST")
    until(lambda: site.ask(address, f"/orders/{order['id']}")[1]["state"] == "done")
    assert site.ask(address, "/api/version")[1]["schema"] == "2", "the release step ran before"


def test_three_servers_agree_and_three_nodes_are_ready(site: Site) -> None:
    assert site.nodes() == {"h1": "ready", "h2": "ready", "h3": "ready"}
    assert len(json.loads(site.nomad("operator", "api", "/v1/status/peers"))) == 3
    assert site.consul("operator", "raft", "list-peers").count("true") == 3
    assert sorted(line.split()[0] for line in site.consul("members").splitlines()[1:]) == ["h1", "h2", "h3"]


def test_instances_are_spread_over_racks(site: Site) -> None:
    found = [one for one in site.api("/v1/job/shop/allocations") if one["TaskGroup"] == "web"]
    assert len({one["NodeName"] for one in found if one["ClientStatus"] == "running"}) == 2


def test_names_of_consul_are_known_to_hosts_and_containers(site: Site) -> None:
    for machine in site.bed.machines:
        assert machine.run("getent hosts shop-web.service.consul"), machine.name
        assert machine.run("getent hosts h2.lan"), "names outside are still found"
    web = site.bed.machine("h1")
    look = "docker run --rm hashistack-test/busybox:1 nslookup"
    assert "10.77." in web.run(f"{look} shop-cache.service.consul")
    assert "10.77." in web.run(f"{look} h2.lan")


def test_a_second_up_changes_nothing(site: Site) -> None:
    before = [machine.run(STARTED) for machine in site.bed.machines]
    version = site.api("/v1/job/shop")["Version"]
    with step("up again, nothing to do", goal=15):
        site.up()
    assert [machine.run(STARTED) for machine in site.bed.machines] == before
    assert site.api("/v1/job/shop")["Version"] == version


def test_plan_names_what_would_change(site: Site) -> None:
    same = site.run("plan", "-e", site.environment, "--version", "v1", "--detailed-exitcode")
    assert same.returncode == 0, same.stdout + same.stderr
    other = site.run("plan", "-e", site.environment, "--version", "v2", "--detailed-exitcode")
    assert other.returncode == 2, other.stdout + other.stderr
    assert "submit job shop, version v2 (now v1)" in other.stdout
    assert "install on" not in other.stdout


def test_no_secret_is_in_the_stack(site: Site) -> None:
    secrets = _secrets(site)
    assert len(secrets) > 5
    for file in site.stack.rglob("*"):
        if file.is_file() and ".terraform/" not in str(file):
            content = file.read_text(errors="replace")
            assert not [value for value in secrets if value in content], file
    for machine in site.bed.machines:
        listed = machine.run("ps -eo args ww; journalctl --no-pager --output cat")
        assert not [value for value in secrets if value in listed], machine.name


def _secrets(site: Site) -> list[str]:
    """Return every value of the operator's folder that must not be anywhere else."""
    folder = next((site.folder / "state" / "hashistack").glob("*@factory"))
    assert folder.stat().st_mode & 0o077 == 0
    stored = json.loads((folder / "credentials.json").read_text())
    keys = ["".join(key.read_text().splitlines()[1:-1]) for key in folder.rglob("*-key.pem")]
    session = site.secrets_file.read_text().partition("=")[2].strip()
    return [*_strings(stored), *keys, session]


def _strings(value: object) -> list[str]:
    match value:
        case str() if len(value) >= 32:
            return [value]
        case dict():
            return [text for one in value.values() for text in _strings(one)]
        case list():
            return [text for one in value for text in _strings(one)]
        case _:
            return []
