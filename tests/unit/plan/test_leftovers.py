"""A stand-in that is taken out of the descriptor: its job goes, and what it kept is told."""

from __future__ import annotations

from dataclasses import replace

from hashistack.plan.actual import Actual, JobState
from hashistack.plan.leftovers import abandoned
from hashistack.plan.planner import plan_up
from hashistack.plan.steps import RemoveJob
from hashistack.plan.volumes import Volume
from tests.unit.plan.stacks import all_there, stack, wanted

ENGINE = {"hashistack.engine": "postgres"}
MEMBER = {**ENGINE, "hashistack.nodes": "1"}


def with_job(owner: str = "shop", meta: dict[str, str] = MEMBER, volume: str = "shop-db") -> Actual:
    actual = all_there()
    jobs = {**actual.jobs, "shop-db": JobState("shop-db", owner, None, meta=meta)}
    return replace(actual, jobs=jobs, volumes=(*actual.volumes, Volume("v-2", volume, "n-1", "ready")))


def test_it_is_said_where_the_data_of_a_service_stays_that_is_taken_out() -> None:
    plan = plan_up(wanted(), with_job(), {})
    assert plan.steps[-1] == RemoveJob("shop-db")
    (told,) = plan.warnings
    assert (told.code, told.severity) == ("HS747", "warning")
    assert "its data stays in the volume shop-db on local" in told.summary
    assert "put db back under the same name" in (told.hint or "")


def test_nothing_is_said_where_there_is_no_data_or_it_is_no_stand_in_of_this_app() -> None:
    for actual in (with_job(volume="shop-db-2"), with_job(meta={}), with_job(owner="other")):
        assert plan_up(wanted(), actual, {}).warnings == ()


def test_what_the_descriptor_has_is_not_abandoned() -> None:
    actual = with_job()
    cache = JobState("shop-cache", "shop", None, meta=MEMBER)
    setup = JobState("shop-cache-setup", "shop", None, meta=ENGINE)
    jobs = {**actual.jobs, "shop-cache": cache, "shop-cache-setup": setup}
    assert abandoned(stack(), replace(actual, jobs=jobs)) == ("shop-db",)
