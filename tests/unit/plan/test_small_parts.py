from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hashistack.diagnostics import UsageProblem
from hashistack.model import Image
from hashistack.plan.carry import carried_over, has_failed, same_kind
from hashistack.plan.dotenv import read_dotenv
from hashistack.plan.files import job_files, version_to_run
from hashistack.plan.schedule import next_run
from hashistack.plan.sensitive import Sensitive

# --- secrets in memory


@pytest.mark.parametrize("shown", [str, repr, "{}".format, "{!r:>30}".format, lambda secret: f"{[secret]}"])
def test_a_secret_never_shows_its_value(shown: object) -> None:
    assert "hunter2" not in shown(Sensitive("hunter2"))  # type: ignore[operator]


def test_a_secret_is_never_serialised() -> None:
    import pickle

    with pytest.raises(TypeError):
        json.dumps(Sensitive("hunter2"))
    with pytest.raises(TypeError):
        pickle.dumps(Sensitive("hunter2"))


# --- files of secrets


def test_a_file_of_secrets_is_read_as_people_write_it() -> None:
    text = "# comment\n\nPLAIN = a b#c \nexport KEY='it''s $x'\nTWO=\"line\\none \\\"q\\\" \\\\\"\nEMPTY=\nPLAIN=last\n"
    values = {name: value.reveal() for name, value in read_dotenv(text, "secrets.env").items()}
    assert values == {"PLAIN": "last", "KEY": "it''s $x", "TWO": 'line\none "q" \\', "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "problem"),
    [("A=1\nhunter2\n", "secrets.env:2"), ("A='hunter2\n", "quote"), ("1A=hunter2", "NAME=value")],
)
def test_a_bad_line_is_named_and_never_shown(text: str, problem: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        read_dotenv(text, "secrets.env")
    assert problem in str(caught.value)
    assert "hunter2" not in str(caught.value)


# --- versions and files


def test_an_image_without_a_tag_wants_a_version() -> None:
    with pytest.raises(UsageProblem) as caught:
        version_to_run(Image("r/shop", None, None), None)
    assert "--version" in caught.value.diagnostics[0].hint
    assert caught.value.exit_code == 64
    assert version_to_run(Image("r/shop", None, None), "v1") == "v1"


def test_an_image_with_a_tag_is_its_own_version_and_refuses_another() -> None:
    assert version_to_run(Image("r/shop", "v3", None), None) == "v3"
    assert version_to_run(Image("r/shop", "v3", None), "v3") == "v3"
    with pytest.raises(UsageProblem):
        version_to_run(Image("r/shop", "v3", None), "v4")


@pytest.mark.parametrize("given", ["", "v 1", "-v1", "v1@x", "v" * 129])
def test_a_version_that_no_image_can_have(given: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        version_to_run(Image("r/shop", None, None), given)
    assert caught.value.diagnostics[0].code == "HS419"


def test_only_the_job_files_of_the_environment_are_jobs() -> None:
    text = b'variable "version" {\n}\njob "shop" {\n}\n'
    rendered = {
        "laptop/jobs/shop.nomad.hcl": text,
        "laptop/terraform/main.tf": b"",
        "factory/jobs/shop.nomad.hcl": b"",
        "laptop/jobs/ingress.nomad.hcl": b"",
    }
    found = job_files(rendered, "laptop")
    assert [file.id for file in found] == ["ingress", "shop"]
    assert found[1].arguments({"version": "v1", "other": "x"}) == {"version": "v1"}
    assert found[0].arguments({"version": "v1"}) == {}


# --- what the cluster has decided meanwhile


def spec(count: int, **more: object) -> dict[str, object]:
    scaling = {"Enabled": True, "Min": 2, "Max": 10}
    return {"Meta": {}, "TaskGroups": [{"Name": "web", "Count": count, "Scaling": scaling}], **more}


@pytest.mark.parametrize(("running", "kept"), [(7, 7), (1, 2), (50, 10)])
def test_a_count_that_scaling_chose_is_kept_within_the_limits(running: int, kept: int) -> None:
    assert carried_over(spec(2), spec(running), failed=False)["TaskGroups"][0]["Count"] == kept


def test_a_count_without_scaling_is_what_the_descriptor_says() -> None:
    wanted = {"Meta": {}, "TaskGroups": [{"Name": "web", "Count": 3, "Scaling": None}]}
    assert carried_over(wanted, spec(7), failed=False)["TaskGroups"][0]["Count"] == 3


def test_a_job_that_was_started_again_for_its_certificate_is_not_taken_for_another() -> None:
    running = {**spec(2), "Meta": {"hashistack.certificate": "3"}}
    assert carried_over(spec(2), running, failed=False)["Meta"] == {"hashistack.certificate": "3"}


def test_a_version_that_failed_is_another_attempt_and_then_stays_that() -> None:
    again = carried_over(spec(2), spec(2), failed=True)
    assert again["Meta"] == {"hashistack.attempt": "1"}
    assert carried_over(spec(2), again, failed=False) == again
    assert carried_over(spec(2), again, failed=True)["Meta"] == {"hashistack.attempt": "2"}


def test_a_failed_deployment_counts_only_for_the_version_that_is_there_now() -> None:
    failed = {"JobVersion": 1, "Status": "failed"}
    assert has_failed({"Version": 1}, [failed])
    assert not has_failed({"Version": 2}, [{"JobVersion": 2, "Status": "successful"}, failed])
    assert not has_failed({"Version": 1}, [])


def test_a_batch_job_is_no_new_version_of_a_periodic_one() -> None:
    periodic = {"Type": "batch", "Periodic": {"Spec": "@daily"}}
    assert same_kind(periodic, periodic)
    assert not same_kind(periodic, {"Type": "batch", "Periodic": None})
    assert not same_kind({"Type": "service"}, {"Type": "system"})


# --- schedules

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # a Saturday


@pytest.mark.parametrize(
    ("schedule", "timezone", "following"),
    [
        ("0 3 * * *", "UTC", "2026-11-22T03:00:00+00:00"),
        ("0 3 * * *", "Europe/Madrid", "2026-11-22T03:00:00+01:00"),
        ("*/15 * * * *", "UTC", "2026-11-21T12:15:00+00:00"),
        ("30 9 * * MON-FRI", "UTC", "2026-11-23T09:30:00+00:00"),
        ("0 0 1 * SUN", "UTC", "2026-11-22T00:00:00+00:00"),  # the first of the month or a Sunday
        ("0 0 29 FEB *", "UTC", "2028-02-29T00:00:00+00:00"),
        ("0 12 * * *", "UTC", "2026-11-22T12:00:00+00:00"),  # not now again
    ],
)
def test_the_next_run_of_a_schedule(schedule: str, timezone: str, following: str) -> None:
    found = next_run(schedule, timezone, NOW)
    assert found is not None
    assert found.isoformat() == following


def test_a_time_that_the_clock_leaves_out_is_no_run() -> None:
    spring = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)  # the clocks go from 02:00 to 03:00 on the 28th
    found = next_run("30 2 * * *", "Europe/Madrid", spring)
    assert found is not None
    assert found.isoformat() == "2027-03-29T02:30:00+02:00"
