"""How an app is: processes, backing services, schedules, agents. Pure; made from what Nomad and Consul say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hashistack.compile.stand_ins import engine_of
from hashistack.model import BackingService, Process, ScheduledProcess, Stack
from hashistack.plan import names
from hashistack.plan.actual import Json
from hashistack.plan.addresses import addresses
from hashistack.plan.report import Answer, Report
from hashistack.plan.schedule import next_run
from hashistack.plan.steps import Address

_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read: jobs by id, allocations by job, instances by Consul service, runs by scheduled job, newest first.

    `versions` is our version of the app's job by Nomad's number for it, `reports` what stand-ins say, by job.
    """

    jobs: Mapping[str, Json] = field(default_factory=dict)
    versions: Mapping[int, str] = field(default_factory=dict)
    allocations: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    instances: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    runs: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    reports: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """A long-running process; `failing` names the checks that do not pass, `addresses` are its routes."""

    name: str
    versions: tuple[str, ...]
    running: int
    desired: int
    healthy: bool
    failing: tuple[str, ...]
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A backing service; `addresses`: host:port of healthy instances; `managed`: hashistack does not run it.

    `report` is what a stand-in says of its members, `problem` why it says nothing.
    """

    name: str
    type: str
    service: str
    healthy: bool
    managed: bool
    addresses: tuple[str, ...]
    report: Report | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """A scheduled process; times in ISO 8601, `outcome` of the last run: succeeded, failed or running."""

    name: str
    schedule: str
    submitted: bool
    last: str | None
    outcome: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """An agent: where it is, whether it answers, whether hashistack started it on this machine."""

    name: str
    url: str
    answers: bool
    ours: bool


@dataclass(frozen=True, slots=True)
class Status:
    """How an app is in one environment; `ingress` is None for an app without routes."""

    app: str
    environment: str
    version: str | None
    processes: tuple[ProcessStatus, ...]
    backing_services: tuple[ServiceStatus, ...]
    schedules: tuple[ScheduleStatus, ...]
    ingress: bool | None
    agents: tuple[AgentStatus, ...]

    @property
    def healthy(self) -> bool:
        """Whether all that should run does; a failed run of a schedule does not count, it has its own next time."""
        return (
            all(agent.answers for agent in self.agents)
            and all(process.healthy for process in self.processes)
            and all(service.healthy for service in self.backing_services)
            and all(schedule.submitted for schedule in self.schedules)
            and self.ingress is not False
        )


def status(stack: Stack, facts: Facts, agents: tuple[AgentStatus, ...], now: datetime) -> Status:
    """Put together how the stack is."""
    job = facts.jobs.get(stack.app)
    routed = any(process.routes for process in stack.processes)
    return Status(
        app=stack.app,
        environment=stack.environment.name,
        version=_meta(job, names.VERSION),
        processes=tuple(_process(stack, process, facts) for process in stack.processes),
        backing_services=tuple(_service(stack, service, facts) for service in stack.backing_services),
        schedules=tuple(_schedule(stack, process, facts, now) for process in stack.scheduled),
        ingress=bool(_running(facts, names.INGRESS)) if routed else None,
        agents=agents,
    )


def _process(stack: Stack, process: Process, facts: Facts) -> ProcessStatus:
    running = [a for a in _running(facts, stack.app) if a["TaskGroup"] == process.name]
    ids = tuple(a["ID"] for a in running)
    groups = (facts.jobs.get(stack.app) or {}).get("TaskGroups") or []
    desired = next(
        (int(group["Count"]) for group in groups if group["Name"] == process.name), process.scale.min
    )
    failing = _failing(facts.instances.get(names.consul_service(stack.app, process.name), ()), ids)
    return ProcessStatus(
        name=process.name,
        versions=tuple(sorted({facts.versions.get(a["JobVersion"], "unknown") for a in running})),
        running=len(running),
        desired=desired,
        healthy=len(running) >= desired and not failing and stack.app in facts.jobs,
        failing=failing,
        addresses=tuple(each for each in addresses(stack) if each.process == process.name),
    )


def _service(stack: Stack, service: BackingService, facts: Facts) -> ServiceStatus:
    name = names.consul_service(stack.app, service.name)
    passing = [instance for instance in facts.instances.get(name, ()) if not _failing([instance])]
    answer = facts.reports.get(name, Answer(None))
    return ServiceStatus(
        name=service.name,
        type=service.type,
        service=name,
        healthy=bool(passing) and not (answer.report and answer.report.quorum is False),
        managed=engine_of(service) is None,
        addresses=tuple(sorted(_address(instance) for instance in passing)),
        report=answer.report,
        problem=answer.problem,
    )


def _schedule(stack: Stack, process: ScheduledProcess, facts: Facts, now: datetime) -> ScheduleStatus:
    job = f"{stack.app}-{process.name}"
    last = next(iter(facts.runs.get(job, ())), None)
    following = next_run(process.schedule, process.timezone, now)
    return ScheduleStatus(
        name=process.name,
        schedule=process.schedule,
        submitted=job in facts.jobs,
        last=_moment(last["SubmitTime"]) if last else None,
        outcome=_outcome(last) if last else None,
        next=following.isoformat() if following and job in facts.jobs else None,
    )


def _outcome(run: Json) -> str:
    if run["Status"] != "dead":
        return "running"
    summary = ((run.get("JobSummary") or {}).get("Summary") or {}).values()
    return "failed" if any(group["Failed"] or group["Lost"] for group in summary) else "succeeded"


def _moment(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // _NANOSECONDS, UTC).isoformat()


def _running(facts: Facts, job: str) -> list[Json]:
    return [
        a
        for a in facts.allocations.get(job, ())
        if a["ClientStatus"] == "running" and a["DesiredStatus"] == "run"
    ]


def _failing(instances: Sequence[Json], allocations: Sequence[str] | None = None) -> tuple[str, ...]:
    """Name the checks that do not pass, of the given allocations' instances or of all."""
    return tuple(
        sorted(
            {
                check["Name"]
                for instance in instances
                if allocations is None or any(each in instance["Service"]["ID"] for each in allocations)
                for check in instance["Checks"]
                if check["Status"] != "passing"
            }
        )
    )


def _address(instance: Json) -> str:
    service = instance["Service"]
    return f"{service['Address'] or instance['Node']['Address']}:{service['Port']}"


def _meta(job: Json | None, name: str) -> str | None:
    value = ((job or {}).get("Meta") or {}).get(name)
    return str(value) if value is not None else None
