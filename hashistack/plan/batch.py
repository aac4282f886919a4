"""Run a batch job to its end, its log shown as it is written."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hashistack.plan.actual import Candidate, Json
from hashistack.plan.interfaces import Clock, Jobs
from hashistack.plan.placement import diagnose_placement
from hashistack.plan.progress import LogLine, Progress, Submitted, Trouble, Waiting
from hashistack.plan.symptoms import doing

_TICK = 0.5
_QUIET = 15.0  # seconds in which it is not said what is waited for
_LATE = 3.0  # seconds after its end in which Nomad may still collect what a short-lived container wrote
_ENDED = ("complete", "failed", "lost")
_LAST_LINES = 5


@dataclass(slots=True)
class Output:
    """How much of each stream of each task has been shown, what is left of its last line, and the last lines of all."""

    offsets: dict[tuple[str, str], int] = field(default_factory=dict)
    rests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))

    @property
    def length(self) -> int:
        """How many bytes have been read."""
        return sum(self.offsets.values())


@dataclass(frozen=True, slots=True)
class BatchRun:
    """One run of a batch job in one cluster."""

    jobs: Jobs
    progress: Progress
    clock: Clock
    output: Output = field(default_factory=Output)

    def submit(self, candidate: Candidate, version: str | None) -> int:
        """Submit the job in place of an earlier one and return the index after which its instances are made."""
        job = str(candidate.job["ID"])
        self.jobs.purge(job)
        # What was purged a moment ago has no index any more.
        registration = self.jobs.register(candidate.job, 0, candidate.source, candidate.variables)
        self.progress.report(Submitted(job, version))
        self._report_placement(job, registration.evaluation)
        return registration.modify_index

    def follow(self, job: str, since: int, patience: float) -> Json | None:
        """Return the instance that was made after `since` once it has ended; None if there is none in time."""
        spoke = self.clock.now()
        end = spoke + patience
        while True:
            # Instances of a purged job stay listed under its id until garbage is collected.
            allocations = [a for a in self.jobs.allocations(job) if a["CreateIndex"] > since]
            if not allocations and self.clock.now() > end:
                self.jobs.purge(job)
                return None
            if allocations:
                newest = allocations[0]
                self._show(job, newest)
                if newest["ClientStatus"] in _ENDED:
                    if newest["ClientStatus"] != "complete":
                        self._await_log(job, newest)
                    self._show(job, newest, last=True)
                    return newest
                spoke = self._say_doing(job, newest, spoke)
            self.clock.wait(_TICK)

    def _say_doing(self, job: str, allocation: Json, spoke: float) -> float:
        """Say after a silence what an instance does that has no log yet; return when something was said last.

        There is no end to it: an image may take long, and who waits can interrupt it.
        """
        now, status = self.clock.now(), allocation["ClientStatus"]
        if status == "running" or now - spoke < _QUIET:
            return spoke
        self.progress.report(Waiting(f"{job} ({status}): {doing(allocation)}"))
        return now

    def _await_log(self, job: str, allocation: Json) -> None:
        """Show the log of a job that has failed until there is one and it no longer grows, or it is too late."""
        end = self.clock.now() + _LATE
        before = 0
        while self.clock.now() < end and (not before or self.output.length > before):
            before = self.output.length
            self.clock.wait(_TICK)
            self._show(job, allocation)

    def _report_placement(self, job: str, evaluation_id: str) -> None:
        while (evaluation := self.jobs.evaluation(evaluation_id)) and evaluation["Status"] == "pending":
            self.clock.wait(_TICK / 5)
        for finding in diagnose_placement((evaluation or {}).get("FailedTGAllocs") or {}):
            self.progress.report(Trouble(job, finding))

    def _show(self, job: str, allocation: Json, *, last: bool = False) -> None:
        output = self.output
        for task in sorted(allocation.get("TaskStates") or {}):
            for stream in ("stdout", "stderr"):
                place = (task, stream)
                offset = output.offsets.get(place, 0)
                fresh = self.jobs.log(allocation["ID"], task, stream, offset)
                output.offsets[place] = offset + len(fresh)
                *lines, rest = (output.rests.get(place, b"") + fresh).split(b"\n")
                if last and rest:
                    lines, rest = [*lines, rest], b""
                output.rests[place] = rest
                for line in lines:
                    text = line.decode(errors="replace")
                    output.last.append(text)
                    self.progress.report(LogLine(job, stream, text))
