"""The log of a release step that fails: Nomad has it late, in pieces, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hashistack.diagnostics import DeployError, Diagnostic
from hashistack.plan.actual import Candidate, Json
from hashistack.plan.progress import LogLine, Progress, Released
from hashistack.plan.release import Releaser
from hashistack.plan.steps import RunRelease
from hashistack.views.cluster_events import event_lines
from hashistack.views.human import PLAIN
from tests.unit.plan.fakes import FakeClock, FakeJobs, FakeProgress, instance

STEP = RunRelease(
    "shop-release",
    "v2",
    Candidate({"ID": "shop-release"}, "text", {}, 0, True),
    "hashistack/shop/releases",
    30,
)


@dataclass
class LateLog(FakeJobs):
    """Has more of the log as time passes: what is written by second."""

    written: dict[float, bytes] = field(default_factory=dict)

    def log(
        self, allocation_id: str, task: str, stream: str, offset: int = 0, origin: str = "start"
    ) -> bytes:
        if stream != "stdout":
            return b""
        return b"".join(text for second, text in self.written.items() if second <= self.clock.now())[offset:]


def cluster(status: str, written: dict[float, bytes]) -> LateLog:
    end: Json = instance(status, job="shop-release")
    return LateLog(FakeClock(), instances=[end] if status else [], written=written)


def failure(jobs: LateLog, progress: Progress) -> Diagnostic:
    with pytest.raises(DeployError) as raised:
        Releaser(jobs, progress, jobs.clock).run(STEP)
    return raised.value.diagnostics[0]


def lines(progress: FakeProgress) -> list[str]:
    return [each.text for each in progress.of(LogLine)]


def test_a_log_that_comes_after_the_end_is_shown() -> None:
    jobs, progress = cluster("failed", {2.0: b"WHY\n"}), FakeProgress()
    told = failure(jobs, progress)
    assert lines(progress) == ["WHY"]
    assert told.hint is not None
    assert told.hint.startswith("its log is above")


def test_a_log_that_still_grows_is_shown_whole() -> None:
    jobs, progress = cluster("failed", {0.0: b"first\nsec", 0.4: b"ond\nthi", 0.9: b"rd"}), FakeProgress()
    failure(jobs, progress)
    assert lines(progress) == ["first", "second", "third"]


def test_where_no_log_came_nobody_is_sent_to_it() -> None:
    jobs, progress = cluster("failed", {}), FakeProgress()
    told = failure(jobs, progress)
    assert "Nomad has no log of it" in told.summary
    assert told.hint is not None
    assert "above" not in told.hint
    assert jobs.clock.now() == pytest.approx(3, abs=0.5)


def test_a_silent_step_that_succeeds_is_not_waited_for() -> None:
    jobs, progress = cluster("complete", {}), FakeProgress()
    Releaser(jobs, progress, jobs.clock).run(STEP)
    assert progress.of(Released)
    assert jobs.clock.now() == 0


def test_a_step_that_no_machine_runs_has_no_log_to_look_for() -> None:
    told = failure(cluster("", {}), FakeProgress())
    assert told.summary == "no machine ran the release step of v2 (shop-release)"
    assert told.hint is not None
    assert "log" not in told.hint


def test_the_colours_of_a_line_are_left_out() -> None:
    event = LogLine("shop-release", "stdout", "\x1b[1;31mfailed\x1b[0m \x1b[90mat 12\x1b[m")
    assert list(event_lines(event, PLAIN)) == ["shop-release | failed at 12"]
