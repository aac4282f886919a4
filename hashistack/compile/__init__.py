"""Model to artifacts: which files a stack becomes, and what each of them shows. Pure."""

from __future__ import annotations

from hashistack.compile.app import app_job
from hashistack.compile.artifact import Artifact, Compiled, Copy
from hashistack.compile.batch import release_job, scheduled_job
from hashistack.compile.ingress import ingress_job
from hashistack.compile.notices import notices
from hashistack.compile.stand_ins import engine_of
from hashistack.model import Stack


def compile_stack(stack: Stack, source: str) -> Compiled:
    """Return the files of one environment; `source` is the descriptor's base name, for the headers."""
    artifacts = (
        *((app_job(stack, source),) if stack.processes else ()),
        *release_job(stack, source),
        *(scheduled_job(stack, process, source) for process in stack.scheduled),
        *_stand_ins(stack, source),
        *ingress_job(stack, source),
        *_terraform(stack, source),
    )
    return Compiled(tuple(sorted(artifacts, key=lambda artifact: artifact.path)), notices(stack))


def _terraform(stack: Stack, source: str) -> tuple[Artifact | Copy, ...]:
    # Each target's own modules, and only its: making their views takes longer than making the jobs.
    match stack.environment.target:
        case "onprem":
            from hashistack.compile.onprem import terraform
        case "aws":
            from hashistack.compile.aws import terraform
        case _:
            return ()
    return terraform(stack, source)


def _stand_ins(stack: Stack, source: str) -> tuple[Artifact, ...]:
    found = ((service, engine_of(service)) for service in stack.backing_services)
    return tuple(
        artifact
        for service, engine in found
        if engine is not None
        for artifact in engine.artifacts(stack, service, source)
    )
