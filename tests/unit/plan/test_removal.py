from __future__ import annotations

from dataclasses import replace

from hashistack.plan.actual import JobState
from hashistack.plan.removal import Remains, plan_down
from hashistack.plan.steps import RemoveJob, RemoveVariable, StopAgents

SHOP = Remains(
    app="shop",
    recorded_jobs=("shop-cache", "shop-release", "shop", "ingress"),
    recorded_variables=("nomad/jobs/shop",),
    jobs=(
        JobState("ingress", "ingress", None),
        JobState("shop", "shop", "v1"),
        JobState("shop-cache", "shop", None),
        JobState("shop-release", "shop", "v1"),
    ),
    variables=frozenset({"nomad/jobs/shop"}),
    agents=("consul", "nomad"),
)


def test_everything_goes_against_the_order_of_its_making() -> None:
    assert plan_down(SHOP).plan.steps == (
        RemoveJob("shop"),
        RemoveJob("shop-release"),
        RemoveJob("shop-cache"),
        RemoveJob("ingress"),
        RemoveVariable("nomad/jobs/shop"),
        StopAgents(("consul", "nomad")),
    )


def test_a_job_that_was_taken_over_since_stays_and_is_named() -> None:
    jobs = tuple(JobState("shop", None, None) if job.id == "shop" else job for job in SHOP.jobs)
    removal = plan_down(replace(SHOP, jobs=jobs))
    assert RemoveJob("shop") not in removal.plan.steps
    assert removal.taken_over == ("shop",)
    assert removal.foreign == ("shop",)


def test_the_ingress_and_the_agents_stay_while_another_app_needs_them() -> None:
    removal = plan_down(replace(SHOP, jobs=(*SHOP.jobs, JobState("blog", "blog", "v7"))))
    assert RemoveJob("ingress") not in removal.plan.steps
    assert not any(isinstance(step, StopAgents) for step in removal.plan.steps)
    assert removal.foreign == ("ingress", "blog")


def test_agents_with_a_job_of_somebody_else_go_on_without_the_ingress() -> None:
    removal = plan_down(replace(SHOP, jobs=(*SHOP.jobs, JobState("theirs", None, None))))
    assert RemoveJob("ingress") in removal.plan.steps
    assert removal.foreign == ("theirs",)


def test_an_ingress_that_was_not_recorded_stays() -> None:
    removal = plan_down(replace(SHOP, recorded_jobs=("shop",)))
    assert RemoveJob("ingress") not in removal.plan.steps


def test_a_job_of_ours_that_was_submitted_from_elsewhere_goes_too() -> None:
    removal = plan_down(replace(SHOP, recorded_jobs=()))
    assert RemoveJob("shop-cache") in removal.plan.steps


def test_a_variable_that_was_not_recorded_stays() -> None:
    removal = plan_down(replace(SHOP, recorded_variables=()))
    assert not any(isinstance(step, RemoveVariable) for step in removal.plan.steps)


def test_a_second_time_there_is_nothing_to_do() -> None:
    assert plan_down(replace(SHOP, jobs=(), variables=frozenset(), agents=())).plan.steps == ()


def test_the_runs_of_a_removed_schedule_do_not_keep_the_agents() -> None:
    jobs = (JobState("shop-nightly", "shop", "v1"), JobState("shop-nightly/periodic-1", None, None))
    removal = plan_down(replace(SHOP, jobs=jobs))
    assert any(isinstance(step, StopAgents) for step in removal.plan.steps)
