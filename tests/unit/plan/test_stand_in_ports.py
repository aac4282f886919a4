"""Ports that a service could not have, or not keep, told before anything is changed."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic
from hashistack.plan.actual import Actual, JobState
from hashistack.plan.names import PORT
from hashistack.plan.stand_in_limits import refusals
from tests.unit.plan.stacks import stack


def refused(services: str, **ports: str) -> list[Diagnostic]:
    """Return what is refused where jobs run at these ports; `crm-kafka` is called `crm_kafka` here."""
    text = f"app: crm\nimage: crm\nprocesses: {{web: {{command: serve}}}}\nbacking_services: {{{services}}}\n"
    jobs = {name.replace("_", "-"): {PORT: port} if port else {} for name, port in ports.items()}
    found = {job: JobState(job, job.split("-", maxsplit=1)[0], None, meta=meta) for job, meta in jobs.items()}
    return list(refusals(stack(text), Actual(jobs=found)))


def test_a_service_that_keeps_its_ports_is_not_refused() -> None:
    assert refused("kafka: kafka", crm_kafka="14580", blog_db="10000", crm="") == []
    assert refused("kafka: kafka, cache: redis", crm_kafka="") == [], (
        "a job of an earlier release does not tell"
    )
    assert refused("kafka: kafka, cache: redis") == [], "nothing runs yet"


def test_a_new_service_takes_nobody_its_ports() -> None:
    (refusal,) = refused("kafka: kafka, cache: redis", crm_kafka="14580")
    told = "the ports of kafka would move from 14580 to 14600: cache would take them"
    assert (refusal.code, refusal.summary) == ("HS708", told)
    assert refusal.path == "backing_services.cache"
    assert refusal.hint.startswith("nothing was changed; rename cache, or")


def test_a_service_that_goes_does_not_move_another() -> None:
    (refusal,) = refused("kafka: kafka", crm_kafka="14600", crm_cache="14700")
    assert refusal.code == "HS708"
    assert "since a service that had those is gone" in refusal.summary
    assert "add that service again" in refusal.hint


def test_ports_of_another_job_are_refused_before_they_are_waited_for() -> None:
    (refusal,) = refused("kafka: kafka", blog_db="14580")
    told = "kafka would have the ports from 14580 on, and the job blog-db has them"
    assert (refusal.code, refusal.summary) == ("HS709", told)
