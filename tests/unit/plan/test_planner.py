from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack.diagnostics import BackendError, ConflictError, UsageProblem
from hashistack.plan.actual import JobState
from hashistack.plan.planner import plan_up
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import KeepJob, Plan, RemoveJob, RunRelease, Step, SubmitJob
from tests.unit.plan.stacks import SHOP, all_there, candidates, nothing_there, wanted

SECRETS = {"SESSION_KEY": Sensitive("hunter2")}


def told(plan: Plan) -> list[str]:
    return [f"{type(step).__name__} {_object(step)}" for step in plan.steps]


def _object(step: Step) -> str:
    named = (getattr(step, name, "") for name in ("job", "path", "service", "name"))
    return next(str(each) for each in named if each)


def test_the_first_up_does_everything_in_the_order_of_dependence() -> None:
    assert told(plan_up(wanted(), nothing_there(), SECRETS)) == [
        "StoreSecrets nomad/jobs/shop",
        "StoreSecrets nomad/jobs/shop-cache",
        "GenerateCredentials nomad/jobs/shop-cache",
        "GenerateCredentials nomad/jobs/shop-cache/node",
        "CreateVolumes shop-cache",
        "IssueCertificate shop-cache",
        "BeginJob ingress",
        "BeginJob shop-cache",
        "AwaitJob shop-cache",
        "AwaitService shop-cache",
        "RunRelease shop-release",
        "SubmitJob shop",
        "SubmitJob shop-nightly",
        "AwaitJob ingress",
    ]


def test_nothing_changed_means_no_change() -> None:
    plan = plan_up(wanted(), all_there(), {})
    assert not plan.changes
    assert [step.job for step in plan.steps if isinstance(step, KeepJob)] == [
        "shop-cache",
        "shop",
        "shop-nightly",
        "ingress",
    ]


def test_a_new_version_runs_its_release_step_before_the_app_and_knows_the_old_one() -> None:
    steps = plan_up(wanted(version="v2"), all_there(changed=True), {}).steps
    release = next(number for number, step in enumerate(steps) if isinstance(step, RunRelease))
    app = next(
        number for number, step in enumerate(steps) if isinstance(step, SubmitJob) and step.job == "shop"
    )
    assert release < app
    submission = steps[app]
    assert isinstance(submission, SubmitJob)
    assert (submission.version, submission.previous) == ("v2", "v1")


def test_a_release_step_that_failed_runs_again() -> None:
    actual = replace(all_there(), releases={"v1": "failed"})
    assert "RunRelease shop-release" in told(plan_up(wanted(), actual, {}))


def test_a_job_that_somebody_stopped_is_submitted_again() -> None:
    actual = all_there()
    stopped = {**actual.jobs, "shop": JobState("shop", "shop", "v1", stopped=True)}
    assert "SubmitJob shop" in told(plan_up(wanted(), replace(actual, jobs=stopped), {}))


def test_every_job_that_is_not_ours_is_named_before_anything_is_changed() -> None:
    actual = all_there()
    jobs = {
        **actual.jobs,
        "shop": JobState("shop", None, None),
        "shop-nightly": JobState("shop-nightly", "other", None),
    }
    with pytest.raises(ConflictError) as caught:
        plan_up(wanted(), replace(actual, jobs=jobs), {})
    assert "shop (not made by hashistack)" in str(caught.value)
    assert "shop-nightly (of app other)" in str(caught.value)
    assert caught.value.exit_code == 3


def test_adopt_takes_over_what_is_not_ours() -> None:
    actual = replace(all_there(changed=True), jobs={"shop": JobState("shop", None, None)})
    assert "SubmitJob shop" in told(plan_up(wanted(adopt=True), actual, {}))


def test_a_job_of_another_kind_is_removed_first() -> None:
    actual = all_there()
    changed = replace(actual.candidates["shop-nightly"], changed=True, replaces=True)
    plan = plan_up(wanted(), replace(actual, candidates={**actual.candidates, "shop-nightly": changed}), {})
    found = told(plan)
    assert found.index("RemoveJob shop-nightly") + 1 == found.index("SubmitJob shop-nightly")


def test_the_ingress_belongs_to_no_app_and_is_no_conflict() -> None:
    plan_up(
        wanted(), replace(nothing_there(), jobs={"ingress": JobState("ingress", "ingress", None)}), SECRETS
    )


def test_a_job_called_ingress_of_somebody_else_is_a_conflict() -> None:
    with pytest.raises(ConflictError):
        plan_up(
            wanted(), replace(nothing_there(), jobs={"ingress": JobState("ingress", None, None)}), SECRETS
        )


def test_a_secret_without_a_value_is_an_error_with_the_way_out() -> None:
    with pytest.raises(UsageProblem) as caught:
        plan_up(wanted(), nothing_there(), {})
    diagnostic = caught.value.diagnostics[0]
    assert "SESSION_KEY" in diagnostic.summary
    assert "secrets set SESSION_KEY" in diagnostic.hint
    assert "--secrets-file" in diagnostic.hint


def test_a_secret_that_has_a_value_is_not_stored_again() -> None:
    assert "StoreSecrets nomad/jobs/shop" not in told(plan_up(wanted(), all_there(), SECRETS))


def test_the_password_of_the_registry_is_a_secret_like_the_others() -> None:
    text = SHOP.replace("[SESSION_KEY]", "[SESSION_KEY, TOKEN]\nregistry: {username: bot, password: TOKEN}")
    with pytest.raises(UsageProblem, match="TOKEN"):
        plan_up(wanted(text), nothing_there(text), SECRETS)


def test_a_backing_service_without_a_stand_in_must_be_in_consul() -> None:
    asked = wanted()
    asked = replace(asked, files=tuple(file for file in asked.files if file.id != "shop-cache"))
    with pytest.raises(BackendError) as caught:
        plan_up(asked, nothing_there(), SECRETS)
    assert "shop-cache" in caught.value.diagnostics[0].hint
    there = replace(nothing_there(), services=frozenset({"shop-cache"}))
    assert "SubmitJob shop" in told(plan_up(asked, there, SECRETS))


def test_a_job_that_no_longer_belongs_goes_last_and_others_stay() -> None:
    actual = all_there()
    jobs = {
        **actual.jobs,
        "shop-weekly": JobState("shop-weekly", "shop", "v1"),
        "blog": JobState("blog", "blog", "v7"),
        "theirs": JobState("theirs", None, None),
    }
    plan = plan_up(wanted(), replace(actual, jobs=jobs), {})
    assert [step.job for step in plan.steps if isinstance(step, RemoveJob)] == ["shop-weekly"]
    assert isinstance(plan.steps[-1], RemoveJob)


def test_the_addresses_are_the_routes_with_the_ports_of_the_ingress() -> None:
    plan = plan_up(wanted(), all_there(), {})
    assert [(each.url, each.internal) for each in plan.addresses] == [
        ("http://shop.localhost:8080/", False),
        ("http://shop.localhost:8080/api", False),
        ("http://admin.shop.internal:8081/", True),
    ]


def test_no_secret_is_in_a_plan_that_is_printed() -> None:
    assert "hunter2" not in repr(plan_up(wanted(), nothing_there(), SECRETS))


def test_the_candidates_are_what_is_submitted() -> None:
    made = candidates()
    steps = plan_up(wanted(), replace(nothing_there(), candidates=made), SECRETS).steps
    assert all(step.candidate is made[step.job] for step in steps if isinstance(step, SubmitJob | RunRelease))


def test_the_ingress_is_not_changed_under_another_app() -> None:
    actual = all_there(changed=True)
    shared = replace(actual, jobs={**actual.jobs, "blog": JobState("blog", "blog", "v7")})
    with pytest.raises(ConflictError, match="blog"):
        plan_up(wanted(), shared, SECRETS)
    assert "BeginJob ingress" in told(plan_up(replace(wanted(), adopt=True), shared, SECRETS))
