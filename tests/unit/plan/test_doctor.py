"""One sick cluster after another: each has its finding, with a fix; a healthy one has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hashistack.plan.checkup import Checkup, Failing, Finding, Machine, Peer, Product, Report, read_report
from hashistack.plan.doctor import diagnose
from hashistack.plan.report import Answer, read
from tests.unit.plan.test_members import SHOP
from tests.unit.plan.test_upgrade import THREE

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEXT_YEAR = NOW + timedelta(days=365)
WELL = {
    "HOST_NAME": "n1",
    "TIME_SYNC": "yes",
    "UPTIME": "100000",
    "NOMAD_VERSION": "1.11.4",
    "NOMAD_RUNNING": "1.11.4",
    "NOMAD_WANTED": "1.11.4",
    "CONSUL_VERSION": "1.22.7",
    "CONSUL_RUNNING": "1.22.7",
    "CONSUL_WANTED": "1.22.7",
    "DOCKER_VERSION": "20.10.24",
    "UNIT_consul": "active",
    "UNIT_nomad": "active",
    "UNIT_docker": "active",
    "UNIT_dnsmasq": "active",
    "UNIT_snapshot": "success",
    "SNAPSHOT_TIME": str(int(NOW.timestamp()) - 600),
    "SNAPSHOT_EVERY": "3600",
    "CERT_EXPIRES": str(int(NEXT_YEAR.timestamp())),
    "CA_EXPIRES": str(int(NEXT_YEAR.timestamp())),
    "CONSUL_LEADER": "yes",
    "NOMAD_LEADER": "yes",
    "CONSUL_TOKEN": "yes",
    "NOMAD_TOKEN": "yes",
    "DNS_HOST": "yes",
    "DNS_CONTAINER": "yes",
    "DISK_ROOT_FREE": "20000",
    "DISK_ROOT_SIZE": "40000",
    "DISK_DOCKER_FREE": "20000",
    "DISK_DOCKER_SIZE": "40000",
    "MEMORY_FREE": "4000",
    "MEMORY_SIZE": "8000",
}
PEERS = tuple(Peer(name, True, True, "1.22.7") for name in ("n1", "n2", "n3"))
HEALTHY = Checkup(
    THREE,
    NOW,
    reports=tuple(Report(name, "reached", facts=WELL, skew=0.0) for name in ("n1", "n2", "n3")),
    products=(Product("Consul", "", True, PEERS), Product("Nomad", "", True, PEERS)),
    machines=tuple(Machine(name, "ready", True, False, True) for name in ("n1", "n2", "n3")),
    certificates={"of the operator": NEXT_YEAR},
)


def wrong(checkup: Checkup) -> list[Finding]:
    return [finding for finding in diagnose(checkup) if finding.level != "ok"]


def told(**facts: str | None) -> Checkup:
    """Return the healthy cluster with other facts of n1; None leaves one out."""
    merged: Mapping[str, str | None] = {**WELL, **facts}
    report = Report(
        "n1", "reached", facts={name: value for name, value in merged.items() if value is not None}, skew=0
    )
    return replace(HEALTHY, reports=(report, *HEALTHY.reports[1:]))


def test_a_healthy_cluster_has_nothing_wrong_and_every_area_was_looked_at() -> None:
    assert wrong(HEALTHY) == []
    areas = {finding.area for finding in diagnose(HEALTHY)}
    assert areas >= {
        "services",
        "versions",
        "certificates",
        "clock",
        "DNS",
        "disk",
        "Docker",
        "quorum",
        "machines",
    }


def test_what_could_not_be_asked_is_not_called_well() -> None:
    silent = (Product("Consul", "no credentials"), Product("Nomad", "no credentials"))
    unknown = Checkup(THREE, NOW, products=silent)
    assert [(found.level, found.area) for found in diagnose(unknown)] == [("error", "quorum")] * 2


def test_a_token_is_refused_only_where_a_leader_could_know_it() -> None:
    (finding,) = wrong(told(NOMAD_LEADER="no", NOMAD_TOKEN="no"))
    assert "finds no leader" in finding.what


DAY = 24 * 3600


@pytest.mark.parametrize(
    ("checkup", "level", "words"),
    [
        (
            told(UNIT_nomad="failed", LOG_nomad="one\\nError: port taken"),
            "error",
            "nomad is failed: Error: port taken",
        ),
        (told(NOMAD_LEADER="no"), "error", "nomad finds no leader"),
        (told(CONSUL_TOKEN="no"), "error", "token for Consul is refused"),
        (told(DRAINED_BY_US="yes"), "warning", "drained when it was shut down"),
        (told(NOMAD_VERSION="1.11.3"), "error", "Nomad is 1.11.3, the descriptor says 1.11.4"),
        (told(NOMAD_RUNNING="1.11.3"), "warning", "Nomad 1.11.3 runs, 1.11.4 is installed"),
        (
            told(CERT_EXPIRES=str(int(NOW.timestamp()) - DAY)),
            "error",
            "its certificate expired on 2026-11-20",
        ),
        (
            told(CERT_EXPIRES=str(int(NOW.timestamp()) + 8 * DAY)),
            "warning",
            "its certificate expires in 8 days",
        ),
        (told(TIME_SYNC="no"), "warning", "nothing sets its clock"),
        (told(DNS_CONTAINER="no"), "error", "does not resolve on a container"),
        (told(DISK_DOCKER_FREE="500"), "error", "500 of 40000 MiB free for Docker's data"),
        (told(DISK_ROOT_FREE="3000"), "warning", "3000 of 40000 MiB free for /opt"),
        (told(DOCKER_VERSION=None), "error", "Docker does not answer"),
        (told(UNIT_snapshot="exit-code"), "error", "the last snapshot failed"),
        (told(MEMORY_FREE="100"), "warning", "100 of 8000 MiB of memory free"),
    ],
)
def test_what_a_host_reports(checkup: Checkup, level: str, words: str) -> None:
    (finding,) = wrong(checkup)
    assert finding.level == level
    assert finding.where == "n1"
    assert words in finding.what
    assert finding.fix


@pytest.mark.parametrize(
    ("checkup", "level", "words"),
    [
        (
            replace(HEALTHY, products=(HEALTHY.products[0], Product("Nomad", "", False))),
            "error",
            "no leader",
        ),
        (
            replace(
                HEALTHY,
                products=(
                    HEALTHY.products[0],
                    Product("Nomad", "", True, (*PEERS[:2], Peer("n3", True, False, ""))),
                ),
            ),
            "error",
            "server n3 is not healthy",
        ),
        (
            replace(
                HEALTHY,
                products=(
                    HEALTHY.products[0],
                    Product("Nomad", "", True, (*PEERS, Peer("old", True, True, ""))),
                ),
            ),
            "warning",
            "old is a server and not in the descriptor",
        ),
        (
            replace(HEALTHY, machines=(*HEALTHY.machines[:2], Machine("n3", "down", True, False, True))),
            "error",
            "it is down",
        ),
        (
            replace(HEALTHY, machines=(*HEALTHY.machines[:2], Machine("n3", "ready", False, False, True))),
            "warning",
            "it takes no new instances",
        ),
        (replace(HEALTHY, machines=HEALTHY.machines[:2]), "error", "Nomad does not know it"),
        (
            replace(
                HEALTHY, failing=(Failing("n2", "shop-web", "/health", "critical", "HTTP GET: 500\nboom"),)
            ),
            "error",
            "shop-web: /health is critical: HTTP GET: 500 boom",
        ),
        (
            replace(HEALTHY, certificates={"of the operator": NOW + timedelta(days=3)}),
            "warning",
            "the certificate of the operator expires in 3 days",
        ),
        (replace(HEALTHY, orphans=("shop-old",)), "warning", "1 tokens of instances that are gone: shop-old"),
    ],
)
def test_what_the_servers_say(checkup: Checkup, level: str, words: str) -> None:
    (finding,) = wrong(checkup)
    assert finding.level == level
    assert words in finding.what
    assert finding.fix


def test_a_host_that_is_off_is_one_finding_and_not_ten() -> None:
    off = Report("n3", "unreachable", "connect to host 192.0.2.13 port 22: No route to host")
    (finding,) = wrong(replace(HEALTHY, reports=(*HEALTHY.reports[:2], off)))
    assert finding.level == "error"
    assert "No route to host" in finding.what


def test_only_the_newest_snapshot_of_all_servers_counts_for_only_the_leader_makes_any() -> None:
    old = {**WELL, "SNAPSHOT_TIME": str(int(NOW.timestamp()) - DAY)}
    reports = tuple(replace(report, facts=old) for report in HEALTHY.reports)
    assert wrong(replace(HEALTHY, reports=(*reports[:2], HEALTHY.reports[2]))) == []
    (finding,) = wrong(replace(HEALTHY, reports=reports))
    assert finding.what == "the newest snapshot is 24 h old"


def test_a_clock_is_wrong_by_degrees() -> None:
    for skew, level in ((1.0, None), (5.0, "warning"), (-400.0, "error")):
        reports = (replace(HEALTHY.reports[0], skew=skew), *HEALTHY.reports[1:])
        found = wrong(replace(HEALTHY, reports=reports))
        assert [finding.level for finding in found] == ([level] if level else [])


def test_servers_that_cannot_be_asked_are_not_said_to_lack_machines() -> None:
    silent = replace(
        HEALTHY,
        products=(Product("Consul", "does not answer"), Product("Nomad", "does not answer")),
        machines=(),
    )
    assert [finding.where for finding in wrong(silent)] == ["Consul", "Nomad"]


def test_a_report_is_read_with_its_quotes_and_without_its_noise() -> None:
    text = "Warning: something\nNOMAD_VERSION='1.11.4'\nLOG_nomad='it'\\''s off'\nEMPTY=''\n"
    assert read_report(text) == {"NOMAD_VERSION": "1.11.4", "LOG_nomad": "it's off", "EMPTY": ""}


def said_of_services(checkup: Checkup) -> list[Finding]:
    return [finding for finding in wrong(checkup) if finding.area in ("stand-ins", "checks")]


def of_stand_in(answer: Answer) -> Checkup:
    return Checkup(SHOP, NOW, answers={"shop-cache": answer})


@pytest.mark.parametrize(
    ("answer", "level", "what"),
    [
        (Answer(None, "no member runs"), "error", "cannot be asked: no member runs"),
        (Answer(read("quorum=no\nfull=no")), "error", "no majority"),
        (Answer(read("quorum=yes\nfull=no\nunder_replicated=3 partitions")), "warning", "3 partitions"),
    ],
)
def test_a_stand_in_that_is_not_whole(answer: Answer, level: str, what: str) -> None:
    (finding,) = said_of_services(of_stand_in(answer))
    assert (finding.level, finding.area, finding.where) == (level, "stand-ins", "shop-cache")
    assert what in finding.what
    assert "hashistack status -e factory" in finding.fix


def test_a_whole_one_is_well() -> None:
    found = diagnose(of_stand_in(Answer(read("quorum=yes\nfull=yes"))))
    assert ("ok", "stand-ins", "shop-cache") in {(each.level, each.area, each.where) for each in found}


def test_a_replica_is_no_primary_and_that_is_no_fault() -> None:
    """The service's check passes on one member only; of a service without roles each failing check counts."""
    cache = Failing("h2", "shop-cache", "primary", "critical", "")
    whole = replace(of_stand_in(Answer(read("quorum=yes\nfull=yes"))), failing=(cache,))
    assert said_of_services(whole) == []
    member = replace(cache, service="shop-cache-member")
    assert [each.area for each in said_of_services(replace(whole, failing=(cache, member)))] == ["checks"]
