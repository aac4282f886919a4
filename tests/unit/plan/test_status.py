from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hashistack.plan.actual import Json
from hashistack.plan.report import Answer, Report
from hashistack.plan.status import AgentStatus, Facts, ServiceStatus, Status, status
from tests.unit.plan.stacks import stack

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AGENTS = (AgentStatus("consul", "http://c", True, True), AgentStatus("nomad", "http://n", True, True))


def allocation(group: str, name: str, version: int = 1, client: str = "running") -> Json:
    return {
        "ID": name,
        "TaskGroup": group,
        "JobVersion": version,
        "ClientStatus": client,
        "DesiredStatus": "run",
    }


def instance(name: str, check: str = "passing") -> Json:
    service = {"ID": f"_nomad-task-{name}", "Address": "172.17.0.1", "Port": 21000}
    return {
        "Node": {"Address": "127.0.0.1"},
        "Service": service,
        "Checks": [{"Name": "alive", "Status": check}],
    }


def run(outcome: str, time: int) -> Json:
    summary = {"nightly": {"Failed": 1 if outcome == "failed" else 0, "Lost": 0}}
    return {"Status": "dead", "SubmitTime": time * 10**9, "JobSummary": {"Summary": summary}}


HEALTHY = Facts(
    jobs={
        "shop": {"Meta": {"hashistack.version": "v2"}, "TaskGroups": [{"Name": "web", "Count": 2}]},
        "shop-nightly": {},
        "shop-cache": {},
    },
    versions={0: "v1", 1: "v2"},
    allocations={
        "shop": [
            allocation("web", "w1"),
            allocation("web", "w2"),
            allocation("web", "w0", version=0, client="complete"),
            allocation("admin", "a1"),
            allocation("worker", "k1"),
        ],
        "ingress": [allocation("traefik", "t1")],
    },
    instances={
        "shop-web": [instance("w1"), instance("w2")],
        "shop-admin": [instance("a1")],
        "shop-cache": [instance("c1")],
    },
    runs={"shop-nightly": [run("failed", 1795230000), run("succeeded", 1795140000)]},
)


def shown(facts: Facts = HEALTHY, agents: tuple[AgentStatus, ...] = AGENTS) -> Status:
    return status(stack(), facts, agents, NOW)


def test_an_app_whose_parts_all_run_is_healthy() -> None:
    found = shown()
    assert found.healthy
    assert found.version == "v2"
    web = next(process for process in found.processes if process.name == "web")
    assert (web.running, web.desired, web.versions) == (2, 2, ("v2",))
    assert [address.url for address in web.addresses] == [
        "http://shop.localhost:8080/",
        "http://shop.localhost:8080/api",
    ]


def test_a_check_that_does_not_pass_is_named() -> None:
    broken = {**HEALTHY.instances, "shop-web": [instance("w1"), instance("w2", "critical")]}
    found = shown(replace(HEALTHY, instances=broken))
    assert not found.healthy
    assert next(process for process in found.processes if process.name == "web").failing == ("alive",)


def test_an_instance_of_a_version_that_is_going_does_not_count() -> None:
    leftover = {**HEALTHY.instances, "shop-web": [instance("w1"), instance("w2"), instance("w0", "critical")]}
    assert shown(replace(HEALTHY, instances=leftover)).healthy


def test_too_few_instances_are_unhealthy() -> None:
    fewer = {**HEALTHY.allocations, "shop": HEALTHY.allocations["shop"][1:]}
    assert not shown(replace(HEALTHY, allocations=fewer)).healthy


def test_while_versions_change_both_are_shown() -> None:
    mixed = {
        **HEALTHY.allocations,
        "shop": [*HEALTHY.allocations["shop"], allocation("worker", "k0", version=0)],
    }
    worker = next(p for p in shown(replace(HEALTHY, allocations=mixed)).processes if p.name == "worker")
    assert worker.versions == ("v1", "v2")


def test_a_backing_service_says_where_it_is_and_who_runs_it() -> None:
    (cache,) = shown().backing_services
    assert (cache.healthy, cache.managed, cache.addresses) == (True, False, ("172.17.0.1:21000",))
    elsewhere = {job: spec for job, spec in HEALTHY.jobs.items() if job != "shop-cache"}
    assert not shown(replace(HEALTHY, jobs=elsewhere)).backing_services[0].managed, (
        "it does not run, but is ours"
    )
    assert not shown(replace(HEALTHY, instances={})).backing_services[0].healthy


def test_a_stand_in_says_how_its_members_are_or_why_it_does_not() -> None:
    def asked(answer: Answer) -> ServiceStatus:
        return shown(replace(HEALTHY, reports={"shop-cache": answer})).backing_services[0]

    report = Report(leader="1", quorum=True, full=False)
    assert (asked(Answer(report)).healthy, asked(Answer(report)).report) == (True, report)
    silent = asked(Answer(None, "did not answer in time"))
    assert (silent.healthy, silent.problem) == (True, "did not answer in time")
    assert not asked(Answer(Report(quorum=False))).healthy, "who has no quorum takes no writes"


def test_a_schedule_shows_its_last_run_and_its_next() -> None:
    (nightly,) = shown().schedules
    assert (nightly.last, nightly.outcome) == ("2026-11-21T03:00:00+00:00", "failed")
    assert nightly.next == "2026-11-22T03:00:00+00:00"


def test_without_the_ingress_or_an_agent_an_app_is_unhealthy() -> None:
    assert not shown(replace(HEALTHY, allocations={**HEALTHY.allocations, "ingress": []})).healthy
    assert not shown(agents=(AGENTS[0], replace(AGENTS[1], answers=False))).healthy


def test_of_a_cluster_that_is_away_nothing_is_claimed() -> None:
    found = shown(Facts())
    assert not found.healthy
    assert [process.running for process in found.processes] == [0, 0, 0]
    assert found.version is None
