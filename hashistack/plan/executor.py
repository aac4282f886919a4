"""Carry a plan out, step by step; what it does at each step is the whole difference to a dry run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, assert_never

from hashistack.diagnostics import DeployError
from hashistack.messages import cluster as messages
from hashistack.messages import stand_in_steps
from hashistack.plan import names
from hashistack.plan.actual import Registration
from hashistack.plan.follow import Follower, progress_deadline
from hashistack.plan.interfaces import Clock, Disks, Jobs, Journal, Services
from hashistack.plan.prepare import Preparer, generated
from hashistack.plan.progress import (
    AgentsStopped,
    Progress,
    Removed,
    Running,
    Stored,
    Submitted,
    Unchanged,
    Waiting,
)
from hashistack.plan.release import Releaser
from hashistack.plan.secret_store import store
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.setup import Setup
from hashistack.plan.steps import (
    AwaitJob,
    AwaitService,
    BeginJob,
    CreateVolumes,
    GenerateCredentials,
    IssueCertificate,
    KeepJob,
    Plan,
    RemoveJob,
    RemoveVariable,
    RemoveVolumes,
    RunRelease,
    RunSetup,
    Step,
    StopAgents,
    StoreSecrets,
    SubmitJob,
)

# Seconds for a backing service whose job runs to pass its checks: a cluster that forms needs one or two minutes, and
# its job has not waited for that where somebody submitted it by hand.
_SERVICE_PATIENCE = 300.0
_STOP_PATIENCE = 120.0  # seconds for instances to end; their kill_timeout is 30 s
_TICK = 0.5


class StopsAgents(Protocol):
    """Stops the agents of this machine."""

    def __call__(self, *, keeps_data: bool) -> tuple[str, ...]:
        """Stop them, with or without their data, and return their names."""


@dataclass(frozen=True, slots=True)
class Executor:
    """Gives steps effect in one cluster; `stop_agents` is the one thing that is not the cluster's."""

    jobs: Jobs
    services: Services
    disks: Disks
    journal: Journal
    progress: Progress
    clock: Clock
    stop_agents: StopsAgents

    def carry_out(self, plan: Plan) -> None:
        """Carry out every step in order; the first that fails ends it with an error."""
        for step in plan.steps:
            self._carry_out(step)

    def _carry_out(self, step: Step) -> None:
        match step:
            case StoreSecrets() | GenerateCredentials() | RemoveVariable():
                self._variable(step)
            case CreateVolumes() | IssueCertificate() | RemoveVolumes():
                self._prepare(step)
            case AwaitService():
                self._await(step)
            case RunSetup():
                self.journal.job_submitted(step.job)
                Setup(self.jobs, self.journal, self.progress, self.clock).run(step)
            case RunRelease():
                self.journal.variable_stored(step.outcomes)
                self.journal.job_submitted(step.job)
                Releaser(self.jobs, self.progress, self.clock).run(step)
            case SubmitJob() | BeginJob() | AwaitJob() | KeepJob() | RemoveJob():
                self._job(step)
            case StopAgents(_, keeps_data):
                stopped = self.stop_agents(keeps_data=keeps_data)
                self.progress.report(AgentsStopped(stopped, keeps_data))
            case _:
                assert_never(step)

    def _variable(self, step: StoreSecrets | GenerateCredentials | RemoveVariable) -> None:
        match step:
            case StoreSecrets(path, values):
                self._store(path, values, generated=False)
            case GenerateCredentials(path, items):
                self._store(path, {item: generated(item) for item in items}, generated=True)
            case RemoveVariable(path):
                self.jobs.delete_variable(path)
                self.progress.report(Removed("variable", path))

    def _prepare(self, step: CreateVolumes | IssueCertificate | RemoveVolumes) -> None:
        preparer = Preparer(self.jobs, self.services, self.disks, self.journal, self.progress, self.clock)
        match step:
            case CreateVolumes():
                preparer.create(step)
            case IssueCertificate():
                preparer.issue(step)
            case RemoveVolumes():
                preparer.remove(step)

    def _job(self, step: SubmitJob | BeginJob | AwaitJob | KeepJob | RemoveJob) -> None:
        follower = Follower(self.jobs, self.services, self.progress, self.clock)
        match step:
            case SubmitJob():
                self._submit(step, follower)
            case BeginJob(submission):
                follower.placed(self._register(submission), submission.candidate.job)
            case AwaitJob(submission):
                follower.confirm(submission, progress_deadline(submission.candidate.job))
                self.progress.report(Running(submission.job, submission.version))
            case KeepJob(submission):
                self.journal.job_submitted(submission.job)
                self.progress.report(Unchanged(submission.job, submission.version))
                follower.confirm(submission)
            case RemoveJob(job):
                self._remove(job)

    def _store(self, path: str, values: Mapping[str, Sensitive], *, generated: bool) -> None:
        store(self.jobs, self.journal, path, values)
        self.progress.report(Stored(path, tuple(sorted(values)), generated))

    def _await(self, step: AwaitService) -> None:
        end = self.clock.now() + _SERVICE_PATIENCE
        told = ""
        while not self.services.passing(step.service):
            healthy = self._healthy_members(step) if step.members > 1 else 0
            if self.clock.now() > end:
                found = stand_in_steps.not_formed(step.name, step.service, healthy, step.members)
                raise DeployError(found)
            count = f", {healthy} of {step.members} members are" if step.members > 1 else ""
            waiting = f"{step.service} to be healthy in Consul{count}"
            if waiting != told:
                self.progress.report(Waiting(waiting))
                told = waiting
            self.clock.wait(_TICK)

    def _healthy_members(self, step: AwaitService) -> int:
        found = self.services.instances(names.member_service(step.service))
        return sum(all(check["Status"] == "passing" for check in each["Checks"]) for each in found)

    def _register(self, step: SubmitJob) -> Registration:
        self.journal.job_submitted(step.job)
        candidate = step.candidate
        registration = self.jobs.register(
            candidate.job, candidate.index, candidate.source, candidate.variables
        )
        self.progress.report(Submitted(step.job, step.version))
        return registration

    def _submit(self, step: SubmitJob, follower: Follower) -> None:
        registration = self._register(step)
        if step.kind == "periodic":  # nothing runs before its time
            self.progress.report(Running(step.job, step.version))
            return
        follower.follow(step, registration)

    def _remove(self, job: str) -> None:
        # Runs of a periodic job are jobs of their own, and stay when their parent goes.
        jobs = [*(stub["ID"] for stub in self.jobs.jobs() if stub.get("ParentID") == job), job]
        for each in jobs:
            self.jobs.stop(each)
        end = self.clock.now() + _STOP_PATIENCE
        while left := [a for each in jobs for a in self.jobs.allocations(each) if _runs(a["ClientStatus"])]:
            if self.clock.now() > end:
                raise DeployError(messages.not_stopped(job, len(left)))
            self.clock.wait(_TICK)
        for each in jobs:  # only now: Nomad lists no instances of a job that it has forgotten
            self.jobs.purge(each)
        self.progress.report(Removed("job", job))


def _runs(client_status: str) -> bool:
    return client_status in ("pending", "running")
