"""A cluster in memory, as small as the executor's questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hashistack.diagnostics import BackendError, Diagnostic
from hashistack.plan.actual import Json, Registration, Variable
from hashistack.plan.progress import Event
from hashistack.plan.volumes import Volume


@dataclass
class FakeClock:
    time: float = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds

    def today(self) -> str:
        return "2026-11-21T12:00:00Z"


@dataclass
class FakeProgress:
    events: list[Event] = field(default_factory=list)

    def report(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class FakeJournal:
    jobs: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)

    def volume_made(self, name: str) -> None:
        self.volumes.append(name)

    def job_submitted(self, job: str) -> None:
        self.jobs.append(job)

    def variable_stored(self, path: str) -> None:
        self.variables.append(path)


@dataclass
class FakeServices:
    healthy: set[str] = field(default_factory=set)
    checks: dict[str, list[Json]] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)

    def forget(self, prefix: str) -> None:
        self.forgotten.append(prefix)

    def passing(self, service: str) -> bool:
        return service in self.healthy

    def instances(self, service: str) -> list[Json]:
        return self.checks.get(service, [])


@dataclass
class FakeDisks:
    """Volumes by id; one is ready when it has been asked for as often as `late` says."""

    there: dict[str, Volume] = field(default_factory=dict)
    late: int = 0
    in_use: int = 0
    sizes: dict[str, int] = field(default_factory=dict)

    def volumes(self) -> tuple[Volume, ...]:
        return tuple(self.there.values())

    def create(self, name: str, node: str, storage: int) -> str:
        volume = f"{name}-on-{node}"
        self.there[volume] = Volume(volume, name, node, "pending")
        self.sizes[volume] = storage
        return volume

    def state(self, volume: str) -> str:
        self.late -= 1
        return "pending" if self.late >= 0 else "ready"

    def delete(self, volume: str) -> None:
        if self.in_use > 0:
            self.in_use -= 1
            raise BackendError(Diagnostic("HS406", "volume in use"))
        del self.there[volume]


@dataclass
class FakeJobs:
    """Plays scripts: `deployment` answers come one after the other, the last one again and again."""

    clock: FakeClock
    known: dict[str, Json] = field(default_factory=dict)
    script: list[Json] = field(default_factory=list)
    listed_deployments: list[Json] = field(default_factory=list)
    instances: list[Json] = field(default_factory=list)
    logs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    stored: dict[str, Variable] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    on_register: Callable[[Json], None] = lambda job: None
    blocked: Json | None = None

    def job(self, job_id: str) -> Json | None:
        return self.known.get(job_id)

    def jobs(self) -> list[Json]:
        return list(self.known.values())

    def register(self, job: Json, index: int, source: str, variables: Mapping[str, str]) -> Registration:
        self.calls.append(f"register {job['ID']} against {index}")
        self.known[job["ID"]] = job
        self.on_register(job)
        return Registration(job["ID"], "evaluation-1", 10)

    def stop(self, job_id: str) -> None:
        self.calls.append(f"stop {job_id}")
        self.instances = [each for each in self.instances if each["JobID"] != job_id]

    def purge(self, job_id: str) -> None:
        self.calls.append(f"purge {job_id}")
        self.known.pop(job_id, None)

    def reschedule(self, job_id: str) -> None:
        self.calls.append(f"reschedule {job_id}")

    def allocations(self, job_id: str) -> list[Json]:
        return [each for each in self.instances if each["JobID"] == job_id]

    def evaluation(self, evaluation_id: str) -> Json | None:
        return {"ID": evaluation_id, "Status": "complete", "FailedTGAllocs": None}

    def evaluations(self, job_id: str) -> list[Json]:
        return [self.blocked] if self.blocked else []

    def deployments(self, job_id: str) -> list[Json]:
        return self.listed_deployments

    def deployment(self, deployment_id: str, index: int = 0, wait: int = 5) -> tuple[int, Json | None]:
        self.clock.time += wait
        return index + 1, self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def deployment_allocations(self, deployment_id: str) -> list[Json]:
        return self.instances

    def fail_deployment(self, deployment_id: str) -> None:
        self.calls.append(f"fail {deployment_id}")
        self.script[:] = [
            {**self.script[-1], "Status": "failed", "StatusDescription": "Deployment marked as failed"}
        ]

    def log(
        self, allocation_id: str, task: str, stream: str, offset: int = 0, origin: str = "start"
    ) -> bytes:
        return self.logs.get((allocation_id, stream), b"")[offset if origin == "start" else 0 :]

    def variable(self, path: str) -> Variable | None:
        return self.stored.get(path)

    def put_variable(self, variable: Variable) -> None:
        self.stored[variable.path] = variable

    def delete_variable(self, path: str) -> None:
        self.calls.append(f"delete {path}")
        self.stored.pop(path, None)


def group(placed: int, healthy: int, desired: int = 1) -> Json:
    return {
        "DesiredTotal": desired, "DesiredCanaries": 0, "Promoted": False,
        "PlacedAllocs": placed, "HealthyAllocs": healthy,
    }  # fmt: skip


def deployment(status: str, description: str = "", create: int = 1, **groups: Json) -> Json:
    return {
        "ID": f"deployment-{create}", "Status": status, "StatusDescription": description, "TaskGroups": groups,
        "JobSpecModifyIndex": 10, "CreateIndex": create,
    }  # fmt: skip


def instance(
    status: str = "running", *, job: str = "shop", name: str = "a1", create: int = 11, **more: Any
) -> Json:
    return {
        "ID": f"{name}-00000000", "JobID": job, "TaskGroup": "web", "ClientStatus": status, "DesiredStatus": "run",
        "CreateIndex": create, "TaskStates": {"web": {"State": status, "Events": []}}, **more,
    }  # fmt: skip
