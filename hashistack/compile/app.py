"""The app's service job: a group per long-running process."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.routes import traefik_tags
from hashistack.compile.task import TaskView, default_version, task
from hashistack.model import Process, Stack

# A new instance has this long to pull its image, start and pass its check; Nomad's default.
_HEALTHY_DEADLINE = 300
_RESTARTS = 2
_RESTART_DELAY = 5
_FAILURES_BEFORE_RESTART = 3


@dataclass(frozen=True, slots=True)
class CheckView:
    """A health check; path is None for a check that only opens the port. Times in seconds."""

    key: str
    path: str | None
    interval: int
    timeout: int
    grace: int
    failures: int


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A Consul service of a group."""

    name: str
    tags: tuple[str, ...]
    check: CheckView


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of the service job; all times in seconds."""

    name: str
    key: str
    count: int
    limits: tuple[int, int] | None
    several: bool
    port: int | None
    service: ServiceView | None
    canary: bool
    health_check: str
    healthy_deadline: int
    restarts: int
    restart_interval: int
    restart_delay: int
    task: TaskView


@dataclass(frozen=True, slots=True)
class AppView:
    """What `app.nomad.hcl.j2` shows."""

    app: str
    version: str | None
    groups: tuple[GroupView, ...]


def app_job(stack: Stack, source: str) -> Artifact:
    """Return the job of all long-running processes."""
    view = AppView(
        stack.app, default_version(stack), tuple(_group(stack, process) for process in stack.processes)
    )
    path = f"{stack.environment.name}/jobs/{stack.app}.nomad.hcl"
    return Artifact(path, "app.nomad.hcl.j2", view, source)


def _group(stack: Stack, process: Process) -> GroupView:
    key = f"processes.{process.name}"
    service = _service(stack, process) if process.port is not None else None
    grace = service.check.grace if service else 0
    return GroupView(
        name=process.name,
        key=key,
        count=process.scale.min,
        limits=(process.scale.min, process.scale.max) if process.scale.max > process.scale.min else None,
        several=process.scale.max > 1,
        port=process.port,
        service=service,
        canary=_allows_two(process),
        health_check="checks" if service else "task_states",
        healthy_deadline=max(_HEALTHY_DEADLINE, 2 * grace),
        restarts=_RESTARTS,
        restart_interval=_restart_interval(service),
        restart_delay=_RESTART_DELAY,
        task=task(stack, process.name, key, process.command, process.cpu, process.memory, process.port),
    )


def _allows_two(process: Process) -> bool:
    """Tell whether a new instance may run beside the old one: a single worker without a port may be a singleton."""
    return process.port is not None or process.scale.max > 1


def _service(stack: Stack, process: Process) -> ServiceView:
    health = process.health
    check = CheckView(
        key=f"processes.{process.name}.{'health' if health else 'port'}",
        path=health.path if health else None,
        interval=health.interval if health else 10,
        timeout=health.timeout if health else 3,
        grace=health.grace if health else 60,
        failures=_FAILURES_BEFORE_RESTART,
    )
    return ServiceView(f"{stack.app}-{process.name}", traefik_tags(stack.app, process), check)


def _restart_interval(service: ServiceView | None) -> int:
    """Return a window long enough that a process which never gets healthy uses up its restarts inside it."""
    if service is None:
        return 300
    check = service.check
    one_try = check.grace + check.failures * (check.interval + check.timeout) + _RESTART_DELAY
    return max(300, (_RESTARTS + 1) * one_try + 60)
