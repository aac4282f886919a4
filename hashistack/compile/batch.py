"""The release step and the scheduled processes: jobs that run to their end."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.task import TaskView, default_version, task
from hashistack.model import ScheduledProcess, Stack

# The release step runs with what a process gets by default; cpu in MHz, memory in MiB.
_RELEASE_CPU = 200
_RELEASE_MEMORY = 512


@dataclass(frozen=True, slots=True)
class PeriodicView:
    """When a scheduled process runs."""

    schedule: str
    timezone: str


@dataclass(frozen=True, slots=True)
class BatchView:
    """What `batch.nomad.hcl.j2` shows."""

    app: str
    job: str
    key: str
    version: str | None
    periodic: PeriodicView | None
    task: TaskView


def release_job(stack: Stack, source: str) -> tuple[Artifact, ...]:
    """Return the job of the release step, if there is one."""
    if stack.release is None:
        return ()
    work = task(stack, "release", "release", stack.release, _RELEASE_CPU, _RELEASE_MEMORY)
    return (_batch_job(stack, source, "release", None, work),)


def scheduled_job(stack: Stack, process: ScheduledProcess, source: str) -> Artifact:
    """Return the periodic job of a scheduled process."""
    key = f"processes.{process.name}"
    work = task(stack, process.name, key, process.command, process.cpu, process.memory)
    return _batch_job(stack, source, process.name, PeriodicView(process.schedule, process.timezone), work)


def _batch_job(
    stack: Stack, source: str, name: str, periodic: PeriodicView | None, work: TaskView
) -> Artifact:
    job = f"{stack.app}-{name}"
    key = name if periodic is None else f"processes.{name}"
    view = BatchView(stack.app, job, key, default_version(stack), periodic, work)
    return Artifact(f"{stack.environment.name}/jobs/{job}.nomad.hcl", "batch.nomad.hcl.j2", view, source)
