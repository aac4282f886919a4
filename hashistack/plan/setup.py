"""Run what is done once to a stand-in when it runs: its topics, its buckets."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.diagnostics import DeployError
from hashistack.messages import stand_in_steps as messages
from hashistack.plan.batch import BatchRun
from hashistack.plan.diagnose import Symptoms, diagnose
from hashistack.plan.interfaces import Clock, Jobs, Journal
from hashistack.plan.progress import Progress, Released, Trouble
from hashistack.plan.secret_store import store
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import RunSetup
from hashistack.plan.symptoms import service_of

DONE = "setup"
"""The item of a stand-in's variable that says with which content it was set up."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Sets stand-ins up in one cluster."""

    jobs: Jobs
    journal: Journal
    progress: Progress
    clock: Clock

    def run(self, step: RunSetup) -> None:
        """Return when the job has succeeded; raise `DeployError` with its last lines when it has failed.

        It can be done again at any time, so one that still runs, after an interrupted `up`, is simply begun anew.
        """
        run = BatchRun(self.jobs, self.progress, self.clock)
        since = run.submit(step.candidate, None)
        allocation = run.follow(step.job, since, step.placement_patience)
        if allocation is None:
            raise DeployError(messages.setup_not_placed(step.job))
        if allocation["ClientStatus"] != "complete":
            if finding := diagnose(Symptoms(allocation, service=service_of(step.candidate.job))):
                self.progress.report(Trouble(step.job, finding))
            raise DeployError(messages.setup_failed(step.job, tuple(run.output.last)))
        store(self.jobs, self.journal, step.outcomes, {DONE: Sensitive(step.content)})
        self.progress.report(Released(step.job, None))
