"""Run the release step: once per version, its log shown as it is written, and never twice at the same time."""

from __future__ import annotations

from dataclasses import dataclass, field

from hashistack.diagnostics import DeployError
from hashistack.messages import cluster as messages
from hashistack.plan import names
from hashistack.plan.actual import Json, Variable
from hashistack.plan.diagnose import Symptoms, diagnose
from hashistack.plan.interfaces import Clock, Jobs
from hashistack.plan.placement import diagnose_placement
from hashistack.plan.planner import RELEASED
from hashistack.plan.progress import LogLine, Progress, Released, Submitted, Trouble
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import RunRelease

_TICK = 0.5
_LATE = 3.0  # seconds after its end in which Nomad may still collect what a short-lived container wrote
_REMEMBERED = 50  # versions; a Nomad variable holds 64 KiB
_ENDED = ("complete", "failed", "lost")


@dataclass(slots=True)
class _Output:
    """How much of each stream has been shown, and what is left of its last line."""

    offsets: dict[str, int] = field(default_factory=dict)
    rests: dict[str, bytes] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """How many bytes have been read."""
        return sum(self.offsets.values())


@dataclass(frozen=True, slots=True)
class Releaser:
    """Runs release steps in one cluster."""

    jobs: Jobs
    progress: Progress
    clock: Clock

    def run(self, step: RunRelease) -> None:
        """Return when the step has succeeded; raise `DeployError` when it has failed."""
        job = self.jobs.job(step.job)
        attached = job is not None and self._under_way(step, job)
        since = int(job["JobModifyIndex"]) if job and attached else self._submit(step)
        output = _Output()
        allocation = self._follow(step, since, output)
        if allocation["ClientStatus"] != "complete":
            finding = diagnose(Symptoms(allocation))
            if finding:
                self.progress.report(Trouble(step.job, finding))
            raise DeployError(messages.release_failed(step.job, step.version, logged=output.length > 0))
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

    def _submit(self, step: RunRelease) -> int:
        """Submit the step in place of an earlier one and return the index after which its instances are made."""
        self.jobs.purge(step.job)
        candidate = step.candidate
        # What was purged a moment ago has no index any more.
        registration = self.jobs.register(candidate.job, 0, candidate.source, candidate.variables)
        self.progress.report(Submitted(step.job, step.version))
        self._report_placement(step.job, registration.evaluation)
        return registration.modify_index

    def _follow(self, step: RunRelease, since: int, output: _Output) -> Json:
        end = self.clock.now() + step.placement_patience
        while True:
            # Instances of a purged job stay listed under its id until garbage is collected.
            allocations = [a for a in self.jobs.allocations(step.job) if a["CreateIndex"] > since]
            if not allocations and self.clock.now() > end:
                self.jobs.purge(step.job)
                raise DeployError(messages.release_not_placed(step.job, step.version))
            if allocations:
                newest = allocations[0]
                self._show(step.job, newest, output)
                if newest["ClientStatus"] in _ENDED:
                    if newest["ClientStatus"] != "complete":
                        self._await_log(step.job, newest, output)
                    self._show(step.job, newest, output, last=True)
                    return newest
            self.clock.wait(_TICK)

    def _await_log(self, job: str, allocation: Json, output: _Output) -> None:
        """Show the log of a step that has failed until there is one and it no longer grows, or it is too late."""
        end = self.clock.now() + _LATE
        before = 0
        while self.clock.now() < end and (not before or output.length > before):
            before = output.length
            self.clock.wait(_TICK)
            self._show(job, allocation, output)

    def _report_placement(self, job: str, evaluation_id: str) -> None:
        while (evaluation := self.jobs.evaluation(evaluation_id)) and evaluation["Status"] == "pending":
            self.clock.wait(_TICK / 5)
        for finding in diagnose_placement((evaluation or {}).get("FailedTGAllocs") or {}):
            self.progress.report(Trouble(job, finding))

    def _show(self, job: str, allocation: Json, output: _Output, *, last: bool = False) -> None:
        for task in sorted(allocation.get("TaskStates") or {}):
            for stream in ("stdout", "stderr"):
                offset = output.offsets.get(stream, 0)
                fresh = self.jobs.log(allocation["ID"], task, stream, offset)
                output.offsets[stream] = offset + len(fresh)
                *lines, rest = (output.rests.get(stream, b"") + fresh).split(b"\n")
                if last and rest:
                    lines, rest = [*lines, rest], b""
                output.rests[stream] = rest
                for line in lines:
                    self.progress.report(LogLine(job, stream, line.decode(errors="replace")))

    def _remember(self, step: RunRelease) -> None:
        variable = self.jobs.variable(step.outcomes) or Variable(step.outcomes, {})
        kept = sorted(variable.items.items(), key=lambda item: item[1].reveal())[-_REMEMBERED + 1 :]
        outcome = Sensitive(f"{self.clock.today()} {RELEASED}")
        self.jobs.put_variable(Variable(step.outcomes, {**dict(kept), step.version: outcome}, variable.index))
