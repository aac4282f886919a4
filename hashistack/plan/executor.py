"""Carry a plan out, step by step; what it does at each step is the whole difference to a dry run."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from hashistack.diagnostics import DeployError
from hashistack.messages import cluster as messages
from hashistack.plan.actual import Registration
from hashistack.plan.follow import Follower, progress_deadline
from hashistack.plan.interfaces import Clock, Jobs, Journal, Services
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
from hashistack.plan.steps import (
    AwaitJob,
    AwaitService,
    BeginJob,
    GenerateCredentials,
    KeepJob,
    Plan,
    RemoveJob,
    RemoveVariable,
    RunRelease,
    Step,
    StopAgents,
    StoreSecrets,
    SubmitJob,
)

_PASSWORD_BYTES = 24  # 192 bits, as 32 characters that need no quoting anywhere
_SERVICE_PATIENCE = 120.0  # seconds for a backing service whose job runs to pass its checks
_STOP_PATIENCE = 120.0  # seconds for instances to end; their kill_timeout is 30 s
_TICK = 0.5


@dataclass(frozen=True, slots=True)
class Executor:
    """Gives steps effect in one cluster; `stop_agents` is the one thing that is not the cluster's."""

    jobs: Jobs
    services: Services
    journal: Journal
    progress: Progress
    clock: Clock
    stop_agents: Callable[[], tuple[str, ...]]

    def carry_out(self, plan: Plan) -> None:
        """Carry out every step in order; the first that fails ends it with an error."""
        for step in plan.steps:
            self._carry_out(step)

    def _carry_out(self, step: Step) -> None:
        match step:
            case StoreSecrets(path, values):
                self._store(path, values, generated=False)
            case GenerateCredentials(path, names):
                generated = {name: Sensitive(secrets.token_urlsafe(_PASSWORD_BYTES)) for name in names}
                self._store(path, generated, generated=True)
            case AwaitService(name, service):
                self._await(name, service)
            case RunRelease():
                self.journal.variable_stored(step.outcomes)
                self.journal.job_submitted(step.job)
                Releaser(self.jobs, self.progress, self.clock).run(step)
            case SubmitJob() | BeginJob() | AwaitJob() | KeepJob() | RemoveJob():
                self._job(step)
            case RemoveVariable(path):
                self.jobs.delete_variable(path)
                self.progress.report(Removed("variable", path))
            case StopAgents():
                self.progress.report(AgentsStopped(self.stop_agents()))
            case _:
                assert_never(step)

    def _job(self, step: SubmitJob | BeginJob | AwaitJob | KeepJob | RemoveJob) -> None:
        follower = Follower(self.jobs, self.services, self.progress, self.clock)
        match step:
            case SubmitJob():
                self._submit(step, follower)
            case BeginJob(submission):
                self._register(submission)
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

    def _await(self, name: str, service: str) -> None:
        end = self.clock.now() + _SERVICE_PATIENCE
        told = False
        while not self.services.passing(service):
            if self.clock.now() > end:
                raise DeployError(
                    messages.deployment_failed(
                        service, None, f"{name} does not pass its checks in Consul", None
                    )
                )
            if not told:
                self.progress.report(Waiting(f"{service} to be healthy in Consul"))
                told = True
            self.clock.wait(_TICK)

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
