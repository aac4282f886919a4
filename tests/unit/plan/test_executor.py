from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from hashistack.diagnostics import DeployError
from hashistack.plan.actual import Candidate, Json, Variable
from hashistack.plan.executor import Executor
from hashistack.plan.progress import (
    AgentsStopped,
    LogLine,
    Released,
    Removed,
    Reverting,
    Rollout,
    Running,
    Stored,
    Trouble,
    Unchanged,
    Waiting,
)
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import (
    AwaitJob,
    AwaitService,
    BeginJob,
    GenerateCredentials,
    KeepJob,
    Plan,
    RemoveJob,
    RunRelease,
    Step,
    StopAgents,
    StoreSecrets,
    SubmitJob,
)
from tests.unit.plan.fakes import (
    FakeClock,
    FakeDisks,
    FakeJobs,
    FakeJournal,
    FakeProgress,
    FakeServices,
    deployment,
    group,
    instance,
)


def spec(job: str = "shop") -> Json:
    update = {"ProgressDeadline": 100_000_000_000}
    service = {"Name": f"{job}-web"}
    return {"ID": job, "TaskGroups": [{"Name": "web", "Count": 1, "Update": update, "Services": [service]}]}


def submission(job: str = "shop", previous: str | None = "v1", patience: int = 30) -> SubmitJob:
    return SubmitJob(
        job, "service", "v2", previous, Candidate(spec(job), "text", {}, 7, changed=True), patience
    )


def release() -> RunRelease:
    return RunRelease(
        "shop-release",
        "v2",
        Candidate(spec("shop-release"), "text", {}, 0, True),
        "hashistack/shop/releases",
        30,
    )


@dataclass
class World:
    clock: FakeClock = field(default_factory=FakeClock)
    progress: FakeProgress = field(default_factory=FakeProgress)
    journal: FakeJournal = field(default_factory=FakeJournal)
    services: FakeServices = field(default_factory=FakeServices)
    disks: FakeDisks = field(default_factory=FakeDisks)
    jobs: FakeJobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = FakeJobs(self.clock)

    def carry_out(self, *steps: Step) -> None:
        executor = Executor(
            self.jobs,
            self.services,
            self.disks,
            self.journal,
            self.progress,
            self.clock,
            lambda keeps_data: ("nomad", "consul"),
        )
        executor.carry_out(Plan(steps))

    def deploys(self, *script: Json) -> None:
        self.jobs.script = list(script)
        self.jobs.listed_deployments = [script[0]]


@pytest.fixture
def world() -> World:
    return World()


# --- variables


def test_secrets_are_added_to_those_that_are_there(world: World) -> None:
    world.jobs.stored["nomad/jobs/shop"] = Variable("nomad/jobs/shop", {"OLD": Sensitive("1")}, 5)
    world.carry_out(StoreSecrets("nomad/jobs/shop", {"NEW": Sensitive("2")}))
    assert world.jobs.stored["nomad/jobs/shop"] == Variable(
        "nomad/jobs/shop", {"OLD": Sensitive("1"), "NEW": Sensitive("2")}, 5
    )
    assert world.journal.variables == []  # it was there before: not ours to delete


def test_generated_credentials_are_long_random_and_need_no_quoting(world: World) -> None:
    world.carry_out(GenerateCredentials("a", ("password",)), GenerateCredentials("b", ("password",)))
    made = [world.jobs.stored[path].items["password"].reveal() for path in "ab"]
    assert made[0] != made[1]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", each) for each in made)
    assert world.journal.variables == ["a", "b"]
    assert all(each not in repr(world.progress.of(Stored)) for each in made)


# --- jobs


def test_a_job_is_remembered_before_it_is_submitted(world: World) -> None:
    world.deploys(deployment("successful", web=group(1, 1)))
    seen: list[list[str]] = []
    world.jobs.on_register = lambda job: seen.append(list(world.journal.jobs))
    world.carry_out(submission())
    assert seen == [["shop"]]
    assert world.jobs.calls == ["register shop against 7"]


def test_a_rollout_is_told_when_it_comes_further_and_not_again(world: World) -> None:
    world.deploys(
        deployment("running", web=group(0, 0)),
        deployment("running", web=group(1, 0)),
        deployment("running", web=group(1, 0)),
        deployment("successful", web=group(1, 1)),
    )
    world.carry_out(submission())
    assert [(each.placed, each.healthy) for each in world.progress.of(Rollout)] == [(0, 0), (1, 0), (1, 1)]
    assert world.progress.of(Running) == [Running("shop", "v2")]


def test_a_failed_deployment_that_is_reverted_names_the_cause_and_the_survivor(world: World) -> None:
    world.deploys(
        deployment("running", web=group(1, 0)), deployment("failed", "Failed - rolling back to job version 0")
    )
    world.jobs.instances = [failed_instance("a1")]
    world.jobs.listed_deployments = [
        deployment("successful", create=2),
        deployment("running", create=1, web=group(1, 0)),
    ]
    world.jobs.listed_deployments[0]["JobSpecModifyIndex"] = 12
    world.jobs.on_register = lambda job: world.jobs.known.update(shop={"Meta": {"hashistack.version": "v1"}})
    with pytest.raises(DeployError) as caught:
        world.carry_out(submission())
    assert "exit code 1" in str(caught.value)
    assert str(caught.value).endswith("v1 still runs")
    assert world.progress.of(Reverting) == [Reverting("shop", "v2", "v1")]


def test_a_trouble_is_told_once(world: World) -> None:
    world.deploys(*[deployment("running", web=group(1, 0))] * 5, deployment("successful", web=group(1, 1)))
    world.jobs.instances = [failed_instance("a1")]
    world.carry_out(submission())
    assert len(world.progress.of(Trouble)) == 1


def test_silence_around_a_restart_does_not_hide_what_the_check_said(world: World) -> None:
    running = deployment("running", web=group(1, 0))
    world.deploys(
        *[running] * 12, *[{**running}] * 12, deployment("failed", "Failed due to progress deadline")
    )
    world.jobs.instances = [instance()]
    answers = iter([*["HTTP GET http://h:1/health: 404 Not Found"] * 12, *["connection refused"] * 40])

    def checks() -> list[Json]:
        check = {"Name": "alive", "Status": "critical", "Output": next(answers), "ServiceID": "s"}
        return [{"Service": {"ID": "_nomad-task-a1-00000000-group-web"}, "Checks": [check]}]

    world.services.instances = lambda service: checks()  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="its health check /health is answered with 404"):
        world.carry_out(submission())
    assert len(world.progress.of(Trouble)) == 1


def test_a_deployment_is_given_up_when_two_instances_of_a_process_have_failed(world: World) -> None:
    world.deploys(deployment("running", web=group(1, 0)))
    world.jobs.instances = [failed_instance("a1"), failed_instance("a2")]
    with pytest.raises(DeployError):
        world.carry_out(submission())
    assert "fail deployment-1" in world.jobs.calls


def test_one_failed_instance_gets_its_second_chance(world: World) -> None:
    world.deploys(*[deployment("running", web=group(1, 0))] * 3, deployment("successful", web=group(1, 1)))
    world.jobs.instances = [failed_instance("a1"), instance(name="a2")]
    world.carry_out(submission())
    assert "fail deployment-1" not in world.jobs.calls


def test_a_stalled_deployment_ends_after_its_own_deadline_and_a_little(world: World) -> None:
    world.deploys(deployment("running", web=group(1, 0)))
    with pytest.raises(DeployError):
        world.carry_out(submission())
    assert 160 < world.clock.time < 170  # progress_deadline 100 s and 60 s more


def test_what_no_machine_takes_is_told_and_given_up_after_its_patience(world: World) -> None:
    world.deploys(deployment("running", web=group(0, 0)))
    metric = {"NodesEvaluated": 1, "DimensionExhausted": {"memory": 1}}
    world.jobs.blocked = {"Status": "blocked", "FailedTGAllocs": {"web": metric}}
    with pytest.raises(DeployError, match="no machine has room: memory"):
        world.carry_out(submission(patience=30))
    assert 30 < world.clock.time < 40


def test_a_deployment_that_somebody_replaced_is_said_to_be(world: World) -> None:
    world.deploys(deployment("running", web=group(0, 0)), deployment("cancelled"))
    with pytest.raises(DeployError, match="submitted again by somebody else"):
        world.carry_out(submission())


def test_a_job_that_nomad_makes_no_deployment_for_is_followed_by_its_instances(world: World) -> None:
    world.jobs.instances = [instance()]
    world.carry_out(submission())
    assert world.progress.of(Running)


def test_a_job_that_is_begun_is_followed_only_when_it_is_awaited(world: World) -> None:
    world.carry_out(BeginJob(submission()))
    assert world.jobs.calls == ["register shop against 7"]
    assert (world.journal.jobs, world.progress.of(Running)) == (["shop"], [])
    world.jobs.instances = [instance()]
    world.carry_out(AwaitJob(submission()))
    assert world.progress.of(Running)


def test_an_unchanged_job_is_remembered_and_left_alone(world: World) -> None:
    world.jobs.known = {"shop": {"ID": "shop", "Version": 3}}
    world.jobs.instances = [instance()]
    world.carry_out(KeepJob(submission()))
    assert world.jobs.calls == []
    assert world.journal.jobs == ["shop"]
    assert world.progress.events == [Unchanged("shop", "v2")]


def test_failed_instances_of_an_unchanged_job_are_not_waited_for_but_placed_anew(world: World) -> None:
    world.jobs.known = {"shop": {"ID": "shop", "Version": 3}}
    world.jobs.instances = [{**instance(), "ClientStatus": "failed"}]
    with pytest.raises(DeployError):  # here nobody places it
        world.carry_out(KeepJob(submission()))
    assert world.jobs.calls == ["reschedule shop"]


def test_a_failed_instance_whose_place_another_has_is_history(world: World) -> None:
    """Of a system job Nomad goes on saying that it is to run."""
    world.jobs.known = {"shop": {"ID": "shop", "Version": 3}}
    world.jobs.instances = [{**instance(), "ClientStatus": "failed", "NextAllocation": "other"}, instance()]
    world.carry_out(KeepJob(submission()))
    assert world.jobs.calls == []


def test_an_instance_on_a_machine_that_is_cut_off_is_not_waited_for(world: World) -> None:
    world.jobs.known = {"shop": {"ID": "shop", "Version": 3}}
    world.jobs.instances = [{**instance(), "ClientStatus": "unknown"}, instance()]
    world.carry_out(KeepJob(submission()))
    assert world.jobs.calls == []


def test_an_instance_that_its_machine_has_ended_is_waited_for_in_another(world: World) -> None:
    """Nomad goes on saying of it that it is to run."""
    world.jobs.known = {"shop": {"ID": "shop", "Version": 3}}
    world.jobs.instances = [instance("complete")]
    with pytest.raises(DeployError, match="no instance runs"):
        world.carry_out(KeepJob(submission()))
    world.jobs.instances = [instance("complete"), instance(name="a2")]
    world.carry_out(KeepJob(submission()))


def test_an_unchanged_job_that_is_still_on_its_way_is_followed_to_its_end(world: World) -> None:
    world.jobs.known = {"shop": {"ID": "shop", "Version": 3}}
    world.deploys(
        {**deployment("running", web=group(1, 0)), "JobVersion": 3},
        {**deployment("failed", web=group(1, 0)), "JobVersion": 3},
    )
    with pytest.raises(DeployError, match="shop v2 failed"):
        world.carry_out(KeepJob(submission()))


def test_an_unchanged_job_of_which_nothing_runs_is_no_success(world: World) -> None:
    world.jobs.known = {"shop": {"ID": "shop", "Version": 3}}
    with pytest.raises(DeployError, match="no instance runs"):
        world.carry_out(KeepJob(submission()))


def test_a_backing_service_that_never_gets_healthy_ends_it(world: World) -> None:
    with pytest.raises(DeployError, match="cache"):
        world.carry_out(AwaitService("cache", "shop-cache"))


def test_a_removed_job_is_forgotten_only_after_its_instances_have_ended(world: World) -> None:
    world.jobs.known = {
        "shop-nightly": {"ID": "shop-nightly"},
        "shop-nightly/periodic-1": {"ID": "shop-nightly/periodic-1", "ParentID": "shop-nightly"},
    }
    world.carry_out(RemoveJob("shop-nightly"))
    assert world.jobs.calls == [
        "stop shop-nightly/periodic-1",
        "stop shop-nightly",
        "purge shop-nightly/periodic-1",
        "purge shop-nightly",
    ]
    assert world.progress.events == [Removed("job", "shop-nightly")]


def test_stopping_the_agents_says_which(world: World) -> None:
    world.carry_out(StopAgents(("consul", "nomad")))
    assert world.progress.events == [AgentsStopped(("nomad", "consul"))]


# --- the release step


def test_a_release_step_shows_its_log_whole_and_is_remembered(world: World) -> None:
    def run(job: Json) -> None:
        world.jobs.instances = [instance("complete", job="shop-release")]
        world.jobs.logs = {("a1-00000000", "stdout"): b"one\ntw\xc3\xb6\nlast without newline"}

    world.jobs.on_register = run
    world.carry_out(release())
    assert [each.text for each in world.progress.of(LogLine)] == ["one", "tw\u00f6", "last without newline"]
    assert world.progress.of(Released)
    assert (
        world.jobs.stored["hashistack/shop/releases"].items["v2"].reveal() == "2026-11-21T12:00:00Z succeeded"
    )


def test_a_failed_release_step_stops_everything_and_is_not_remembered(world: World) -> None:
    world.jobs.on_register = lambda job: world.jobs.instances.append(instance("failed", job="shop-release"))
    with pytest.raises(DeployError, match="release step of v2 failed"):
        world.carry_out(release(), submission())
    assert "register shop against 7" not in world.jobs.calls
    assert "hashistack/shop/releases" not in world.jobs.stored


def test_an_earlier_release_step_is_forgotten_first_and_its_instances_do_not_count(world: World) -> None:
    world.jobs.known["shop-release"] = {"ID": "shop-release", "JobModifyIndex": 3}
    world.jobs.instances = [instance("failed", job="shop-release", name="old", create=4)]
    fresh = instance("complete", job="shop-release")
    world.clock.wait = lambda seconds: world.jobs.instances.insert(0, fresh)  # type: ignore[method-assign]
    world.carry_out(release())
    assert world.jobs.calls[:2] == ["purge shop-release", "register shop-release against 0"]


def test_a_release_step_that_runs_already_is_followed_not_run_twice(world: World) -> None:
    running = {"ID": "shop-release", "JobModifyIndex": 10, "Meta": {"hashistack.version": "v2"}}
    world.jobs.known["shop-release"] = running
    answers = [instance("running", job="shop-release"), instance("complete", job="shop-release")]
    world.jobs.instances = [answers[0]]
    world.clock.wait = lambda seconds: world.jobs.instances.__setitem__(0, answers[1])  # type: ignore[method-assign]
    world.carry_out(release())
    assert world.jobs.calls == []


def test_a_release_step_of_another_version_is_not_disturbed(world: World) -> None:
    world.jobs.known["shop-release"] = {
        "ID": "shop-release",
        "JobModifyIndex": 3,
        "Meta": {"hashistack.version": "v1"},
    }
    world.jobs.instances = [instance("running", job="shop-release")]
    with pytest.raises(DeployError, match="v1 is still running"):
        world.carry_out(release())
    assert world.jobs.calls == []


def failed_instance(name: str) -> Json:
    event = {"Type": "Terminated", "Details": {"exit_code": "1"}, "DisplayMessage": "Exit Code: 1", "Time": 1}
    return instance(
        "failed", name=name, TaskStates={"web": {"State": "dead", "Failed": True, "Events": [event]}}
    )


# --- stand-ins


def member(healthy: bool | None) -> Json:
    return instance(DeploymentStatus={"Healthy": healthy}, job="shop-db")


def stand_in() -> SubmitJob:
    job = {**spec("shop-db"), "Meta": {"hashistack.engine": "postgres", "hashistack.app": "shop"}}
    return SubmitJob("shop-db", "service", None, None, Candidate(job, "text", {}, 0, True), 30)


def test_a_member_that_was_not_whole_in_time_ends_the_wait_at_once(world: World) -> None:
    """Nomad would wait for its progress deadline, half an hour, and can never call it healthy again."""
    world.deploys(deployment("running", node=group(1, 0)))
    world.jobs.on_register = lambda job: world.jobs.instances.append(member(False))
    with pytest.raises(DeployError):
        world.carry_out(stand_in())
    assert "fail deployment-1" in world.jobs.calls
    assert world.clock.now() < 60


def test_a_job_that_failed_before_it_was_awaited_is_an_error(world: World) -> None:
    world.deploys(deployment("failed", "Deployment marked as failed", node=group(1, 0)))
    world.jobs.on_register = lambda job: world.jobs.known.update({job["ID"]: {**job, "Version": 0}})
    world.jobs.listed_deployments[0]["JobVersion"] = 0
    step = stand_in()
    world.carry_out(BeginJob(step))
    with pytest.raises(DeployError, match="shop-db failed"):
        world.carry_out(AwaitJob(step))


def test_while_a_stand_in_forms_it_is_told_how_many_members_are_healthy(world: World) -> None:
    good, bad = ({"Checks": [{"Status": status}]} for status in ("passing", "critical"))
    world.services.checks["shop-db-member"] = [good, bad]
    with pytest.raises(DeployError, match="1 of 3 members are healthy"):
        world.carry_out(AwaitService("db", "shop-db", 3))
    assert [event.what for event in world.progress.of(Waiting)] == [
        "shop-db to be healthy in Consul, 1 of 3 members are"
    ]
    assert world.clock.now() > 299


def test_agents_keep_their_data_where_the_plan_says_so(world: World) -> None:
    world.carry_out(StopAgents(("nomad",), keeps_data=True))
    assert world.progress.of(AgentsStopped) == [AgentsStopped(("nomad", "consul"), keeps_data=True)]
