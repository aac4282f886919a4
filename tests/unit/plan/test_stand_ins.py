from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from hashistack.diagnostics import BackendError, ConflictError
from hashistack.plan.actual import Actual, JobState
from hashistack.plan.planner import plan_up
from hashistack.plan.stand_ins import companions, fingerprint, is_set_up, preparations, stand_ins, waves
from hashistack.plan.steps import (
    BeginJob,
    CreateVolumes,
    GenerateCredentials,
    IssueCertificate,
    KeepJob,
    RunSetup,
    Spot,
    Step,
    StoreSecrets,
    SubmitJob,
)
from hashistack.plan.volumes import Node, Volume
from tests.unit.plan.stacks import CERTIFIED, LOCAL, all_there, nothing_there, stack, wanted

S = TypeVar("S", bound=Step)

ALL = """\
app: shop
image: registry.example.com/shop
processes:
  web: {command: serve, port: 8000}
backing_services:
  docs: {type: mongodb, nodes: 2}
  db: {type: postgres, nodes: 3, storage: 2GiB}
  events: {type: kafka, nodes: 3, topics: {orders: {partitions: 3}}}
  uploads: {type: object-storage, nodes: 3}
environments:
  factory:
    target: onprem
    domain: shop.lan
    ssh: {user: admin}
    hosts:
      n1: {address: 10.0.0.1, roles: [server, client, ingress]}
      n2: {address: 10.0.0.2, roles: [client]}
      n3: {address: 10.0.0.3, roles: [client]}
"""
NO_DATA = "\n".join(
    line.replace("nodes: 3", "nodes: 1")
    for line in ALL.splitlines()
    if not line.strip().startswith(("events:", "uploads:"))
)
MACHINES = tuple(
    Node(f"id-{number}", f"n{number}", "default", f"r{number}", f"10.0.0.{number}", takes=True, free=90_000)
    for number in (1, 2, 3)
)


def step_of(step: Step) -> str:
    return str(getattr(step, "job", ""))


def of(kind: type[S], steps: Iterable[Step]) -> list[S]:
    return [step for step in steps if isinstance(step, kind)]


def test_what_stands_on_a_database_comes_after_it() -> None:
    assert [[each.name for each in wave] for wave in waves(stack(ALL))] == [
        ["db", "events"],
        ["docs", "uploads"],
    ]


def test_everything_that_is_missing_is_made_before_the_jobs() -> None:
    steps = list(preparations(stack(ALL), Actual(nodes=MACHINES)))
    places = tuple(Spot(node.id, node.name) for node in MACHINES)
    assert CreateVolumes("shop-db", places, 2048) in steps
    assert [step.job for step in steps if isinstance(step, IssueCertificate)] == [
        "shop-db",
        "shop-events",
        "shop-docs",
        "shop-uploads",
    ]
    assert "shop-docs" not in [step.name for step in steps if isinstance(step, CreateVolumes)], (
        "it has no data"
    )
    users = {step.path: step.values["user"].reveal() for step in steps if isinstance(step, StoreSecrets)}
    assert users["nomad/jobs/shop-docs"] == "shop-docs", (
        "its users are those of the database, one for each service"
    )
    assert users["nomad/jobs/shop-events"] == "app"
    assert IssueCertificate("shop-docs", ("10.0.0.1", "10.0.0.2", "10.0.0.3")) in steps


def test_what_is_there_of_a_login_is_never_made_anew() -> None:
    actual = replace(nothing_there(), variables={"nomad/jobs/shop-cache": frozenset({"password", "user"})})
    steps = list(preparations(stack(), actual))
    made = {step.path for step in steps if isinstance(step, GenerateCredentials | StoreSecrets)}
    assert "nomad/jobs/shop-cache" not in made
    assert made <= {"nomad/jobs/shop-cache/node"}


def test_nothing_is_made_where_all_is_there() -> None:
    assert list(preparations(stack(), all_there())) == []


def test_a_second_machine_that_has_none_of_its_volumes_needs_no_new_certificate() -> None:
    actual = replace(all_there(), nodes=(LOCAL, replace(LOCAL, id="n-2", name="n2", address="10.0.0.2")))
    assert list(preparations(stack(), actual)) == []


def test_a_certificate_that_ends_soon_is_renewed_and_its_members_start_again() -> None:
    aged = replace(all_there(), certificates={"shop-cache": replace(CERTIFIED, lasts=timedelta(days=100))})
    steps = plan_up(wanted(), aged, {}).steps
    assert of(IssueCertificate, steps) == [IssueCertificate("shop-cache", ("10.0.0.1",), 1)]
    submitted = [step for step in steps if isinstance(step, SubmitJob)]
    assert [step.job for step in submitted] == ["shop-cache"]
    assert submitted[0].candidate.job["Meta"]["hashistack.certificate"] == "1"


def test_a_certificate_that_its_members_were_never_given_starts_them_again() -> None:
    """The `up` that made it was interrupted, or `replace-node` made it."""
    made = replace(all_there(), certificates={"shop-cache": replace(CERTIFIED, edition=3)})
    submitted = of(SubmitJob, plan_up(wanted(), made, {}).steps)
    assert [step.job for step in submitted] == ["shop-cache"]
    given = submitted[0].candidate
    assert given.job["Meta"]["hashistack.certificate"] == "3"
    there = replace(made, candidates={**made.candidates, "shop-cache": replace(given, changed=False)})
    assert of(SubmitJob, plan_up(wanted(), there, {}).steps) == []


def test_the_first_certificate_leaves_the_job_as_it_was_rendered() -> None:
    steps = preparations(stack(), nothing_there())
    assert [step.edition for step in of(IssueCertificate, steps)] == [0]


def test_each_new_certificate_makes_another_version_of_the_job() -> None:
    aged = replace(CERTIFIED, lasts=timedelta(days=100), edition=2)
    steps = plan_up(wanted(), replace(all_there(), certificates={"shop-cache": aged}), {}).steps
    assert [step.edition for step in of(IssueCertificate, steps)] == [3]


def test_too_few_machines_are_told_before_anything_is_done() -> None:
    with pytest.raises(BackendError) as caught:
        list(preparations(stack(ALL), Actual(nodes=MACHINES[:1])))
    told = [each.summary.split()[0] for each in caught.value.diagnostics]
    assert told == ["shop-db", "shop-events", "shop-uploads"]


def test_a_service_without_data_needs_machines_too_until_it_runs() -> None:
    asked = stack(NO_DATA)
    with pytest.raises(BackendError, match="shop-docs needs 2 machines"):
        list(preparations(asked, Actual(nodes=MACHINES[:1])))
    there = {"shop-docs": JobState("shop-docs", "shop", None)}
    assert of(CreateVolumes, preparations(asked, Actual(nodes=MACHINES[:1], jobs=there)))


def test_nothing_is_begun_beside_data_that_the_servers_have_forgotten() -> None:
    """New logins and new places could do nothing with it."""
    machines = (replace(MACHINES[0], holds=frozenset({"shop-db"})), *MACHINES[1:])
    with pytest.raises(ConflictError, match="n1 still has the data of shop-db") as caught:
        list(preparations(stack(NO_DATA), Actual(nodes=machines)))
    assert caught.value.diagnostics[0].code == "HS759"
    known = Volume("v-1", "shop-db", "id-1", "ready")
    assert list(preparations(stack(NO_DATA), Actual(nodes=machines, volumes=(known,))))


# --- what is done once


def test_new_ones_form_at_the_same_time_and_others_change_one_by_one() -> None:
    fresh = plan_up(wanted(), nothing_there(), {"SESSION_KEY": LOCAL}).steps  # type: ignore[dict-item]
    assert [step.job for step in fresh if isinstance(step, BeginJob)] == ["ingress", "shop-cache"]
    changed = plan_up(wanted(), all_there(changed=True), {}).steps
    assert "shop-cache" in [step.job for step in changed if isinstance(step, SubmitJob)]
    same = plan_up(wanted(), all_there(), {}).steps
    assert "shop-cache" in [step.job for step in same if isinstance(step, KeepJob)]


def test_one_that_never_became_a_cluster_begins_anew_when_it_changes() -> None:
    actual = replace(all_there(changed=True), formed=frozenset())
    told = [
        type(step).__name__ for step in plan_up(wanted(), actual, {}).steps if step_of(step) == "shop-cache"
    ]
    assert told == ["RemoveJob", "BeginJob", "AwaitJob"]
    same = replace(all_there(), formed=frozenset())
    assert not plan_up(wanted(), same, {}).changes


def test_a_setup_is_done_again_only_where_its_content_or_the_cluster_is_another() -> None:
    cache = stand_ins(stack())[0]
    candidate = all_there().candidates["shop-cache"]
    done = replace(
        all_there(),
        candidates={cache.setup: candidate},
        setups={"shop-cache": fingerprint(candidate)},
    )
    assert is_set_up(cache, done)
    other = replace(candidate, source=candidate.source + "\n")
    assert not is_set_up(cache, replace(done, candidates={cache.setup: other}))
    assert not is_set_up(cache, replace(done, volumes=())), "the disks are new"


def test_a_setup_follows_its_service() -> None:
    asked = wanted()
    setup = replace(asked.files[0], id="shop-cache-setup")
    actual = nothing_there()
    candidates = {**actual.candidates, "shop-cache-setup": actual.candidates["shop-cache"]}
    steps = plan_up(
        replace(asked, files=(*asked.files, setup)),
        replace(actual, candidates=candidates),
        {"SESSION_KEY": LOCAL},  # type: ignore[dict-item]
    ).steps
    told = [type(step).__name__ for step in steps]
    assert told.index("AwaitService") < told.index("RunSetup") < told.index("RunRelease")
    ran = next(step for step in steps if isinstance(step, RunSetup))
    assert (ran.job, ran.outcomes) == ("shop-cache-setup", "hashistack/stand-ins/shop-cache")


def test_what_stands_beside_a_service_is_told_by_its_name() -> None:
    jobs = ["shop", "shop-db", "shop-db-backup", "shop-events-archive", "shop-web-backup"]
    assert companions(stack(ALL), jobs) == ("shop-db-backup", "shop-events-archive")
