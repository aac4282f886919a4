from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hashistack.diagnostics import DeployError
from hashistack.plan.actual import Candidate, Json, Variable
from hashistack.plan.progress import LogLine, Released, Trouble, Waiting
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.setup import Setup
from hashistack.plan.steps import RunSetup
from tests.unit.plan.fakes import FakeClock, FakeJobs, FakeJournal, FakeProgress, instance

JOB, OUTCOMES = "shop-events-setup", "hashistack/stand-ins/shop-events"
META = {"hashistack.app": "shop", "hashistack.engine": "kafka"}
STEP = RunSetup(
    JOB, Candidate({"ID": JOB, "Meta": META}, "text", {}, 4, changed=True), "content-2", OUTCOMES, 30
)


@dataclass
class World:
    clock: FakeClock = field(default_factory=FakeClock)
    progress: FakeProgress = field(default_factory=FakeProgress)
    journal: FakeJournal = field(default_factory=FakeJournal)
    jobs: FakeJobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = FakeJobs(self.clock)
        self.jobs.stored[OUTCOMES] = Variable(OUTCOMES, {"key": Sensitive("k")}, 2)

    def run(self) -> None:
        Setup(self.jobs, self.journal, self.progress, self.clock).run(STEP)

    def ends(self, status: str, log: bytes = b"") -> None:
        def place(_: Json) -> None:
            self.jobs.instances = [instance(status, job=JOB)]
            self.jobs.logs[("a1-00000000", "stdout")] = log

        self.jobs.on_register = place


@pytest.fixture
def world() -> World:
    return World()


def test_it_runs_anew_and_is_remembered_beside_the_authority(world: World) -> None:
    world.ends("complete", b"topic orders made\n")
    world.run()
    assert world.jobs.calls == [f"purge {JOB}", f"register {JOB} against 0"]
    assert world.jobs.stored[OUTCOMES].items == {"key": Sensitive("k"), "setup": Sensitive("content-2")}
    assert world.progress.of(LogLine) == [LogLine(JOB, "stdout", "topic orders made")]
    assert world.progress.of(Released) == [Released(JOB, None)]


def test_one_that_fails_is_not_remembered_and_its_last_lines_are_told(world: World) -> None:
    world.ends("failed", "".join(f"line {number}\n" for number in range(9)).encode())
    with pytest.raises(DeployError) as caught:
        world.run()
    assert caught.value.diagnostics[0].summary == f"{JOB} failed: line 4 | line 5 | line 6 | line 7 | line 8"
    assert "setup" not in world.jobs.stored[OUTCOMES].items


@dataclass
class Slow(FakeJobs):
    """An instance that waits for half a minute, runs as long, and then is done."""

    def allocations(self, job_id: str) -> list[Json]:
        now = self.clock.now()
        status = "pending" if now < 31 else "running" if now < 62 else "complete"
        events = [{"Type": "Template", "DisplayMessage": "Missing: health.service(shop-events)"}]
        states = {"setup": {"State": status, "Events": events}}
        return [instance(status, job=job_id, TaskStates=states)]


def test_while_it_does_not_run_it_is_said_now_and_then_what_it_waits_for(world: World) -> None:
    world.jobs = Slow(world.clock)
    world.jobs.stored[OUTCOMES] = Variable(OUTCOMES, {}, 2)
    world.run()
    told = Waiting(f"{JOB} (pending): Missing: health.service(shop-events)")
    assert world.progress.of(Waiting) == [told, told]


def test_what_it_lacks_is_written_at_its_service(world: World) -> None:
    killed = {
        "Type": "Terminated",
        "DisplayMessage": "Exit Code: 137",
        "ExitCode": 137,
        "Details": {"exit_code": "137", "oom_killed": "true"},
        "Time": 1,
    }

    def place(_: Json) -> None:
        states = {"setup": {"State": "dead", "Failed": True, "Events": [killed]}}
        world.jobs.instances = [instance("failed", job=JOB, TaskStates=states)]

    world.jobs.on_register = place
    with pytest.raises(DeployError):
        world.run()
    (trouble,) = world.progress.of(Trouble)
    assert "`backing_services.events.memory`" in trouble.finding.hint


def test_one_that_finds_no_machine_is_taken_back(world: World) -> None:
    with pytest.raises(DeployError, match=f"no machine ran {JOB}"):
        world.run()
    assert world.jobs.calls[-1] == f"purge {JOB}"
    assert world.clock.now() > 30
