"""What is said of instances while a job is followed."""

from __future__ import annotations

from typing import Any

from hashistack.plan.diagnose import Check, tells
from hashistack.plan.progress import Trouble, Waiting
from hashistack.plan.watch import Watch
from tests.unit.plan.fakes import FakeClock, FakeJobs, FakeProgress, FakeServices

JOB = {"ID": "shop", "TaskGroups": [{"Name": "web", "Services": [{"Name": "shop-web"}]}]}
ANSWER = "HTTP GET http://172.17.0.1:25241/health: 500 INTERNAL SERVER ERROR Output: no"
REFUSED = 'Get "http://172.17.0.1:25241/health": dial tcp 172.17.0.1:25241: connect: connection refused'


def allocation(*events: str, status: str = "running") -> dict[str, Any]:
    told = [
        {"Type": "Driver", "DisplayMessage": event, "Time": number} for number, event in enumerate(events)
    ]
    return {"ID": "a1", "TaskGroup": "web", "ClientStatus": status, "TaskStates": {"web": {"Events": told}}}


def instance(output: str) -> dict[str, Any]:
    check = {"Name": "health", "Status": "critical", "Output": output, "ServiceID": "x"}
    return {"Service": {"ID": "_nomad-task-a1-web"}, "Checks": [check]}


def watch(services: FakeServices) -> tuple[Watch, FakeProgress, FakeClock]:
    progress, clock = FakeProgress(), FakeClock()
    return Watch(FakeJobs(clock), services, progress, clock, JOB), progress, clock


def test_after_a_silence_it_says_what_an_instance_is_doing() -> None:
    watching, progress, clock = watch(FakeServices())
    watching.instances([allocation("Downloading image")])
    assert progress.events == []
    clock.wait(16)
    watching.instances([allocation("Downloading image")])
    assert progress.events == [Waiting("web of shop: Downloading image (16 s)")]


def test_an_answer_is_remembered_when_the_process_is_started_again() -> None:
    services = FakeServices()
    watching, progress, _ = watch(services)
    services.checks["shop-web"] = [instance(ANSWER)]
    watching.instances([allocation()])
    services.checks["shop-web"] = [instance(REFUSED)]
    watching.instances([allocation(status="failed")])
    (trouble,) = [event for event in progress.events if isinstance(event, Trouble)]
    assert trouble.finding.cause == "its health check /health is answered with 500"


def test_an_answer_says_more_than_a_broken_connection_and_that_more_than_none() -> None:
    outputs = (ANSWER, "read: connection reset by peer", REFUSED)
    assert [tells(Check("health", "critical", output)) for output in outputs] == [2, 1, 0]
