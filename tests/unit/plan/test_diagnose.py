"""Every file in data/ was recorded from a real Nomad 1.11.3 and Consul 1.22.7; events keep only what is not empty."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from hashistack.plan.actual import Json
from hashistack.plan.diagnose import Check, Symptoms, diagnose
from hashistack.plan.finding import Finding
from hashistack.plan.placement import diagnose_placement
from hashistack.plan.progress import Trouble
from hashistack.views.cluster_events import event_lines
from hashistack.views.human import PLAIN

DATA = Path(__file__).parent / "data"


def recorded(case: str) -> Symptoms:
    found = json.loads((DATA / f"{case}.json").read_text())
    return Symptoms(
        found["allocation"], tuple(Check(*check) for check in found["checks"]), tuple(found["log"])
    )


@pytest.mark.parametrize(
    ("case", "kind", "cause", "hint"),
    [
        ("image", "image", "127.0.0.1:5999/shop:v9 cannot be pulled", "check the network"),
        ("unknown_command", "exit", "exit code 127", "spelling"),
        ("exits", "exit", "exit code 1", "last lines"),
        ("no_shell", "exit", "no such program", "shell"),
        ("memory", "memory", "more memory", "`processes.memory.memory`"),
        ("port_taken", "port", "used by another program", "change the port"),
        ("refused", "refused", "/health is refused", "`processes.refused.port`"),
        ("answers_404", "check", "/health is answered with 404", "`processes.answers-404.health`"),
        ("too_slow", "check", "/health is not answered in time", "timeout"),
        ("no_http", "check", "no HTTP", "`processes.no-http.port`"),
        ("check_restarted", "unhealthy", "did not pass, again and again", "`processes.web.health`"),
        ("consul_away", "consul", "did not answer on its machine", "hashistack doctor"),
        ("secret", "waiting", "the secret SESSION_KEY", "secrets set SESSION_KEY"),
        ("service", "waiting", "the Consul service trouble-db", "trouble-db"),
    ],
)
def test_a_recorded_instance_is_explained(case: str, kind: str, cause: str, hint: str) -> None:
    finding = diagnose(recorded(case))
    assert finding is not None
    assert finding.kind == kind
    assert cause in finding.cause
    assert hint in finding.hint
    assert finding.event


def test_the_event_of_a_failing_check_names_the_check_and_its_last_output() -> None:
    finding = diagnose(recorded("answers_404"))
    assert finding is not None
    assert 'service: "trouble-answers-404" check' in finding.event
    assert "404 Not Found" in finding.event


def test_the_last_lines_of_the_log_come_with_an_exit() -> None:
    finding = diagnose(recorded("exits"))
    assert finding is not None
    assert "KeyError: DATABASE" in finding.log


def test_a_container_that_nomad_ended_for_its_check_is_not_called_short_of_memory() -> None:
    finding = diagnose(recorded("check_restarted"))
    assert finding is not None
    assert "137" not in finding.cause


def test_an_end_whose_beginning_is_no_longer_known_is_not_held_against_the_process() -> None:
    symptoms = recorded("check_restarted")
    events = symptoms.allocation["TaskStates"]["web"]["Events"]
    events[:] = [events[2], *events[2:9], events[3], events[9]]  # ten, the first is a "Terminated"
    finding = diagnose(symptoms)
    assert finding is not None
    assert finding.kind == "unhealthy"


def ended(code: int, *log: str, before: Sequence[Json] = ()) -> Finding:
    event = {"Type": "Terminated", "Details": {"exit_code": str(code)}, "DisplayMessage": "Ended", "Time": 1}
    allocation = {
        "ID": "0123456789",
        "JobID": "shop",
        "TaskGroup": "web",
        "ClientStatus": "failed",
        "DeploymentStatus": {"Healthy": False},
        "TaskStates": {"web": {"State": "dead", "Events": [{"Type": "Started", "Time": 0}, *before, event]}},
    }
    finding = diagnose(Symptoms(allocation, log=log))
    assert finding is not None
    return finding


def test_an_end_after_a_restore_asked_for_signs_of_life_is_the_process_own() -> None:
    asked = {"Type": "Signaling", "Details": {"signal": "SIGCONT"}, "Time": 1}
    assert ended(3, before=[asked]) == ended(3)


TRAEFIK = (
    "\x1b[90m2026-11-21T16:20:45Z\x1b[0m \x1b[31mERR\x1b[0m \x1b[1mCommand error\x1b[0m \x1b[36merror=\x1b[0m"
    '\x1b[31m\x1b[1m"building entryPoint http: opening listener: listen tcp :80: bind: address already in use"\x1b[0m'
)


@pytest.mark.parametrize(
    ("line", "port"),
    [
        (TRAEFIK, "port 80 is"),
        (
            "# Could not create server TCP listening socket *:6379: bind: Address already in use",
            "port 6379 is",
        ),
        ("nginx: [emerg] bind() to 0.0.0.0:8000 failed (98: Address already in use)", "port 8000 is"),
        ("Error: listen EADDRINUSE: address already in use :::3000", "port 3000 is"),
        (
            """16:20:45 Address already in use - bind(2) for "0.0.0.0" port 9292 (Errno::EADDRINUSE)""",
            "port 9292 is",
        ),
        ("16:20:45 OSError: [Errno 98] Address already in use", "the port is"),
    ],
)
def test_a_process_that_does_not_get_its_port_is_told_from_its_log(line: str, port: str) -> None:
    finding = ended(1, "starting", line, "bye")
    assert finding.kind == "port"
    assert finding.cause == f"{port} used by another program"
    assert finding.hint == "stop that program, or change the port"
    assert finding.log == ("starting", line, "bye")


def test_the_port_that_docker_does_not_get_is_named() -> None:
    finding = diagnose(recorded("port_taken"))
    assert finding is not None
    assert finding.cause == "port 21999 is used by another program"


def test_the_port_that_another_container_has_is_named() -> None:
    symptoms = recorded("port_taken")
    for event in symptoms.allocation["TaskStates"]["web"]["Events"]:
        if event["Type"] == "Driver Failure":
            event["DisplayMessage"] = "Bind for 0.0.0.0:8080 failed: port is already allocated"
    finding = diagnose(symptoms)
    assert finding is not None
    assert finding.cause == "port 8080 is used by another program"


def test_a_log_is_shown_without_its_colours_and_still_drives_no_terminal() -> None:
    lines = list(event_lines(Trouble("ingress", ended(1, TRAEFIK, "\x1b]0;title\x07")), PLAIN))
    assert lines[2].startswith("   log | 2026-11-21T16:20:45Z ERR Command error error=")
    assert "x1b" not in lines[2]
    assert lines[3] == "   log | \\x1b]0;title\\x07"


def test_a_process_that_goes_to_the_background_is_told_to_stay() -> None:
    finding = ended(0, "ready")
    assert (finding.kind, finding.cause) == ("exit", "it ends by itself with exit code 0")
    assert finding.hint == "run it in the foreground; a process of a service must not end"


def test_an_error_counts_more_than_an_end_without_one() -> None:
    symptoms = recorded("exits")
    events = symptoms.allocation["TaskStates"]["exits"]["Events"]
    events.append({"Type": "Terminated", "ExitCode": 0, "Time": events[-1]["Time"] + 1})
    finding = diagnose(symptoms)
    assert finding is not None
    assert finding.cause == "it ends with exit code 1"


def test_nobody_is_sent_to_lines_that_are_not_there() -> None:
    assert ended(1, "KeyError").hint == "its last lines say why"
    assert ended(1).hint == ""


def test_a_process_that_is_refused_may_just_be_slow() -> None:
    finding = diagnose(recorded("refused"))
    assert finding is not None
    assert "or raise `grace` in `processes.refused.health`" in finding.hint


def pull_failure(message: str) -> Finding:
    event = {"Type": "Driver Failure", "DisplayMessage": f"Failed to pull `shop:v9`: {message}", "Time": 1}
    states = {"web": {"State": "dead", "Events": [event]}}
    allocation = {
        "ID": "0123456789",
        "JobID": "shop",
        "TaskGroup": "web",
        "ClientStatus": "failed",
        "TaskStates": states,
    }
    finding = diagnose(Symptoms(allocation))
    assert finding is not None
    return finding


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            "Error response from daemon: manifest for shop:v9 not found: manifest unknown",
            "there is no image shop:v9",
        ),
        (
            "Error response from daemon: pull access denied for shop, repository does not exist",
            "without a login",
        ),
        (
            'Error response from daemon: Head "https://r/v2/shop": unauthorized: authentication required',
            "without a login",
        ),
        ("Error response from daemon: no basic auth credentials", "without a login"),
    ],
)
def test_an_image_that_cannot_be_pulled_says_whether_it_is_missing_or_closed(
    message: str, cause: str
) -> None:
    assert cause in pull_failure(message).cause


@pytest.mark.parametrize(
    ("group", "kind", "cause"),
    [
        ("cpu", "room", "cpu"),
        ("memory", "room", "memory"),
        ("port", "port", "18080"),
        ("gpu", "constraint", "${attr.kernel.name} = windows"),
        ("driver", "constraint", "docker driver"),
    ],
)
def test_a_recorded_placement_failure_is_explained(group: str, kind: str, cause: str) -> None:
    failed = json.loads((DATA / "placement.json").read_text())
    finding = next(each for each in diagnose_placement(failed) if each.where == group)
    assert finding.kind == kind
    assert cause in finding.cause
    assert "1 machine looked at" in finding.event


def test_a_machine_without_consul_is_named() -> None:
    metric = {"NodesEvaluated": 1, "ConstraintFiltered": {"${attr.consul.version} semver >= 1.8.0": 1}}
    assert "no Consul" in diagnose_placement({"web": metric})[0].cause


def test_a_cluster_without_machines_is_named() -> None:
    assert "no machine that runs jobs" in diagnose_placement({"web": {"NodesEvaluated": 0}})[0].cause


def test_nothing_is_said_of_an_instance_that_runs_and_passes() -> None:
    states = {"web": {"State": "running", "Events": [{"Type": "Started", "Time": 1}]}}
    allocation = {
        "ID": "0123456789",
        "JobID": "shop",
        "TaskGroup": "web",
        "ClientStatus": "running",
        "TaskStates": states,
    }
    assert diagnose(Symptoms(allocation, (Check("web", "passing", "200 OK"),))) is None


def test_an_instance_that_is_late_for_no_visible_reason_says_so() -> None:
    states = {
        "web": {
            "State": "running",
            "Events": [{"Type": "Alloc Unhealthy", "Message": "by deadline", "Time": 1}],
        }
    }
    allocation = {
        "ID": "0123456789", "JobID": "shop", "TaskGroup": "web", "ClientStatus": "running", "TaskStates": states,
        "DeploymentStatus": {"Healthy": False},
    }  # fmt: skip
    finding = diagnose(Symptoms(allocation, log=("booting",)))
    assert finding is not None
    assert (finding.kind, finding.event, finding.log) == ("deadline", "by deadline", ("booting",))
    assert "last lines" in finding.hint
    silent = diagnose(Symptoms(allocation))
    assert silent is not None
    assert silent.hint == ""
