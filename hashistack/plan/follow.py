"""Follow a job from its submission until it runs as it should, or has failed and Nomad has brought the old one back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashistack.diagnostics import DeployError
from hashistack.messages import cluster as messages
from hashistack.plan import names
from hashistack.plan.actual import Json, Registration
from hashistack.plan.interfaces import Clock, Jobs, Services
from hashistack.plan.progress import Progress, Reverting, Running
from hashistack.plan.steps import SubmitJob
from hashistack.plan.watch import Watch, expected

_SECOND = 1_000_000_000  # Nomad counts in nanoseconds
_DEFAULT_PROGRESS = 600  # seconds; Nomad's default progress_deadline
_CONFIRM_PATIENCE = 60.0  # seconds for a job that was there before to be found running
_SLACK = 60.0  # seconds beyond Nomad's own deadline, after which a stalled deployment is given up here
_BLOCK = 2  # seconds that one question for a deployment may wait for news
_TICK = 1.0
_ENOUGH_FAILURES = (
    2  # instances of one process that failed, with all their restarts; a third will do no better
)


@dataclass(frozen=True, slots=True)
class Follower:
    """Follows jobs in one cluster and reports how far they have come."""

    jobs: Jobs
    services: Services
    progress: Progress
    clock: Clock

    def follow(self, step: SubmitJob, registration: Registration) -> None:
        """Return when the job runs as it should; raise `DeployError` with the reason when it does not."""
        watch = Watch(self.jobs, self.services, self.progress, self.clock, step.candidate.job)
        deployment = self._deployment_of(registration, watch)
        if deployment is None:
            self._follow_instances(step, watch, progress_deadline(step.candidate.job))
        else:
            self._follow_deployment(step, deployment, watch)
        self.progress.report(Running(step.job, step.version))

    def placed(self, registration: Registration, job: Json) -> None:
        """Return when the scheduler has looked at a job, and report what it could not place."""
        self._deployment_of(registration, Watch(self.jobs, self.services, self.progress, self.clock, job))

    def confirm(self, step: SubmitJob, patience: float = _CONFIRM_PATIENCE) -> None:
        """Return when a job that was submitted before runs as it should; raise `DeployError` if it does not.

        The run before this one may have been interrupted while the job was still on its way. Without a deployment to
        follow, its instances have `patience` seconds.
        """
        if step.kind == "periodic":
            return
        watch = Watch(self.jobs, self.services, self.progress, self.clock, step.candidate.job)
        version = (self.jobs.job(step.job) or {}).get("Version")
        newest = next(iter(self.jobs.deployments(step.job)), None)
        if (
            newest
            and newest["JobVersion"] == version
            and newest["Status"] in ("running", "pending", "failed")
        ):
            self._follow_deployment(step, newest["ID"], watch)
        else:
            self._start_failed_again(step.job)
            self._follow_instances(step, watch, patience)

    def _start_failed_again(self, job: str) -> None:
        """Ask for instances in place of failed ones: Nomad waits longer after each failure, ten minutes at last."""
        if any(a["ClientStatus"] == "failed" and _is_wanted(a) for a in self.jobs.allocations(job)):
            self.jobs.reschedule(job)

    def _deployment_of(self, registration: Registration, watch: Watch) -> str | None:
        """Wait until the scheduler has looked at the job and return the deployment it made, if it made one."""
        while True:
            evaluation = self.jobs.evaluation(registration.evaluation)
            if evaluation is None or evaluation["Status"] not in ("pending", ""):
                break
            self.clock.wait(_TICK / 10)
        watch.placement((evaluation or {}).get("FailedTGAllocs") or {})
        for deployment in self.jobs.deployments(registration.job):
            if deployment["JobSpecModifyIndex"] == registration.modify_index:
                return str(deployment["ID"])
        return None

    # --- jobs with a deployment

    def _follow_deployment(self, step: SubmitJob, deployment_id: str, watch: Watch) -> None:
        deadline = _Deadline(
            self.clock, progress_deadline(step.candidate.job) + _SLACK, step.placement_patience
        )
        index, given_up = 0, False
        while True:
            index, deployment = self.jobs.deployment(deployment_id, index, _BLOCK)
            if deployment is None or deployment["Status"] in ("successful", "failed", "cancelled"):
                break
            watch.rollout(deployment["TaskGroups"])
            allocations = self.jobs.deployment_allocations(deployment_id)
            watch.instances(allocations)
            unplaced = self._unplaced(step.job, deployment, watch)
            lost = _failing(allocations) or _too_late(step.candidate.job, allocations)
            if not given_up and (lost or deadline.passed(deployment, unplaced)):
                self.jobs.fail_deployment(deployment_id)
                given_up = True
        if deployment and deployment["Status"] == "successful":
            watch.rollout(deployment["TaskGroups"])
            return
        if deployment and deployment["Status"] == "failed":
            watch.instances(self.jobs.deployment_allocations(deployment_id))
            self._fail(step, deployment, watch)
        raise DeployError(messages.deployment_superseded(step.job))

    def _unplaced(self, job: str, deployment: Json, watch: Watch) -> bool:
        """Tell whether a group waits for a machine, and report why."""
        if all(state["PlacedAllocs"] >= expected(state) for state in deployment["TaskGroups"].values()):
            return False
        blocked = [
            e for e in self.jobs.evaluations(job) if e["Status"] == "blocked" or e.get("FailedTGAllocs")
        ]
        newest = blocked[0] if blocked else None
        watch.placement((newest or {}).get("FailedTGAllocs") or {})
        return newest is not None and newest["Status"] == "blocked"

    def _fail(self, step: SubmitJob, deployment: Json, watch: Watch) -> None:
        surviving = None
        if "rolling back" in deployment["StatusDescription"]:
            self.progress.report(Reverting(step.job, step.version, step.previous))
            surviving = self._reverted(step, deployment)
        reason = deployment["StatusDescription"]
        if watch.reason:
            reason = f"{watch.reason.where}: {watch.reason.cause}"
        raise DeployError(messages.deployment_failed(step.job, step.version, reason, surviving))

    def _reverted(self, step: SubmitJob, failed: Json) -> str | None:
        """Wait until the old version is complete again and return it."""
        end = self.clock.now() + progress_deadline(step.candidate.job)
        while self.clock.now() < end:
            newest = self.jobs.deployments(step.job)[0]
            if newest["CreateIndex"] > failed["CreateIndex"] and newest["Status"] in (
                "successful",
                "failed",
                "cancelled",
            ):
                job = self.jobs.job(step.job) or {}
                version = (job.get("Meta") or {}).get(names.VERSION, "the version before")
                return version if newest["Status"] == "successful" else None
            self.clock.wait(_TICK)
        return None

    # --- jobs without one: Nomad makes none for some changes, and older versions none for system jobs

    def _follow_instances(self, step: SubmitJob, watch: Watch, patience: float) -> None:
        end = self.clock.now() + patience
        while self.clock.now() < end:
            known = self.jobs.allocations(step.job)
            if _is_complete(step, known):
                return
            allocations = [a for a in known if _is_wanted(a)]
            watch.instances(allocations)
            if _failing(allocations):
                break
            self.clock.wait(_TICK)
        reason = watch.reason.cause if watch.reason else "no instance runs"
        raise DeployError(messages.deployment_failed(step.job, step.version, reason, None))


class _Deadline:
    """The time since something last moved; instances without a machine have less of it."""

    def __init__(self, clock: Clock, limit: float, placement: float) -> None:
        self._clock, self._limit, self._placement = clock, limit, placement
        self._moved = self._placed = clock.now()
        self._last: object = None

    def passed(self, deployment: Json, unplaced: bool) -> bool:
        """Tell whether nothing has moved for too long."""
        now = self._clock.now()
        current = {
            name: (s["PlacedAllocs"], s["HealthyAllocs"]) for name, s in deployment["TaskGroups"].items()
        }
        if current != self._last:
            self._last, self._moved = current, now
        if not unplaced:
            self._placed = now
        waited = min(now - self._placed, now - self._moved)
        return now - self._moved > self._limit or waited > self._placement


def _is_complete(step: SubmitJob, allocations: Sequence[Json]) -> bool:
    """Tell whether all that is to run does; every process of an ordinary job has an instance then."""
    places = _places(step.candidate.job) if step.kind != "system" else set()
    taken = {a["TaskGroup"] for a in allocations if _holds_its_place(a)}
    wanted = [a for a in allocations if _is_wanted(a)]
    if not wanted:
        return step.kind != "system" and not places
    return places <= taken and all(a["ClientStatus"] == "running" for a in wanted)


def _is_wanted(allocation: Json) -> bool:
    """Tell whether an instance is to run and can: one whose machine is cut off cannot."""
    return _holds_its_place(allocation) and allocation["ClientStatus"] != "unknown"


def _holds_its_place(allocation: Json) -> bool:
    """Tell whether nobody else is to run in the place of an instance.

    Of a system job Nomad goes on saying that one is to run whose place another has, and of any job that one is to run
    which its machine has ended, as machines do whose servers have lost their data.
    """
    ended = allocation["ClientStatus"] == "complete"
    return allocation["DesiredStatus"] == "run" and not allocation.get("NextAllocation") and not ended


def _failing(allocations: Sequence[Json]) -> bool:
    """Tell whether enough instances of one process have failed for good."""
    failed = [a["TaskGroup"] for a in allocations if a["ClientStatus"] == "failed"]
    return any(failed.count(group) >= _ENOUGH_FAILURES for group in set(failed))


def _too_late(job: Json, allocations: Sequence[Json]) -> bool:
    """Tell whether a member of a stand-in was not whole in time: Nomad never calls it healthy again, and waits."""
    judged = [a for a in allocations if (a["ClientStatus"], a["DesiredStatus"]) == ("running", "run")]
    unhealthy = [a for a in judged if (a.get("DeploymentStatus") or {}).get("Healthy") is False]
    return names.ENGINE in (job.get("Meta") or {}) and bool(unhealthy)


def progress_deadline(job: Json) -> float:
    """Return the longest progress_deadline of the job's groups in seconds."""
    told = [(group.get("Update") or {}).get("ProgressDeadline") for group in job.get("TaskGroups") or []]
    return float(max([int(each) // _SECOND for each in told if each], default=_DEFAULT_PROGRESS))


def _places(job: Json) -> set[str]:
    """Return the groups that have an instance at least."""
    return {group["Name"] for group in job.get("TaskGroups") or [] if int(group["Count"])}
