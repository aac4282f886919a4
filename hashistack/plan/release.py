"""Run the release step: once per version, its log shown as it is written, and never twice at the same time."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.diagnostics import DeployError
from hashistack.messages import cluster as messages
from hashistack.plan import names
from hashistack.plan.actual import Json, Variable
from hashistack.plan.batch import BatchRun
from hashistack.plan.diagnose import Symptoms, diagnose
from hashistack.plan.interfaces import Clock, Jobs
from hashistack.plan.planner import RELEASED
from hashistack.plan.progress import Progress, Released, Trouble
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import RunRelease

_REMEMBERED = 50  # versions; a Nomad variable holds 64 KiB


@dataclass(frozen=True, slots=True)
class Releaser:
    """Runs release steps in one cluster."""

    jobs: Jobs
    progress: Progress
    clock: Clock

    def run(self, step: RunRelease) -> None:
        """Return when the step has succeeded; raise `DeployError` when it has failed."""
        job = self.jobs.job(step.job)
        run = BatchRun(self.jobs, self.progress, self.clock)
        attached = job is not None and self._under_way(step, job)
        since = int(job["JobModifyIndex"]) if job and attached else run.submit(step.candidate, step.version)
        allocation = run.follow(step.job, since, step.placement_patience)
        if allocation is None:
            raise DeployError(messages.release_not_placed(step.job, step.version))
        if allocation["ClientStatus"] != "complete":
            finding = diagnose(Symptoms(allocation))
            if finding:
                self.progress.report(Trouble(step.job, finding))
            raise DeployError(messages.release_failed(step.job, step.version, logged=run.output.length > 0))
        self._remember(step)
        self.progress.report(Released(step.job, step.version))

    def _under_way(self, step: RunRelease, job: Json) -> bool:
        """Tell whether this very step already runs, after an interrupted `up`; another version's is an error."""
        running = [a for a in self.jobs.allocations(step.job) if a["ClientStatus"] in ("pending", "running")]
        if not running:
            return False
        version = (job.get("Meta") or {}).get(names.VERSION)
        if version != step.version:
            raise DeployError(messages.still_running(step.job, version))
        return True

    def _remember(self, step: RunRelease) -> None:
        variable = self.jobs.variable(step.outcomes) or Variable(step.outcomes, {})
        kept = sorted(variable.items.items(), key=lambda item: item[1].reveal())[-_REMEMBERED + 1 :]
        outcome = Sensitive(f"{self.clock.today()} {RELEASED}")
        self.jobs.put_variable(Variable(step.outcomes, {**dict(kept), step.version: outcome}, variable.index))
