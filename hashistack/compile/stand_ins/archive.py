"""The key `archive` of a kafka service: a job that writes a topic to object storage, each record once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hashistack.compile.artifact import Artifact
from hashistack.compile.stand_ins.member import job_path
from hashistack.compile.variables import task_variables
from hashistack.model import Archive, BackingService, Reference, Stack, Variable

# An index for all processors, pinned by several public repositories. What it takes is installed into it with checksums.
_IMAGE = "python:3.13-slim@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285"
# What `kafka/archive.py` reads, by its name in the environment, as outputs of the two services.
_KAFKA = {
    "KAFKA_CA": "ca",
    "KAFKA_MECHANISM": "sasl_mechanism",
    "KAFKA_PASSWORD": "password",
    "KAFKA_PROTOCOL": "security_protocol",
    "KAFKA_SERVERS": "bootstrap_servers",
    "KAFKA_USER": "user",
}
_STORAGE = {
    "S3_ACCESS_KEY": "access_key",
    "S3_BUCKET": "bucket",
    "S3_CA": "ca",
    "S3_ENDPOINT": "endpoint",
    "S3_REGION": "region",
    "S3_SECRET_KEY": "secret_key",
}


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """What the archive's template shows; `variables` and `lists` are bodies of files."""

    app: str
    job: str
    key: str
    engine: str
    image: str
    env: tuple[tuple[str, str], ...]
    variables: str
    lists: str
    authorities: tuple[tuple[str, str], ...]


def artifacts(stack: Stack, service: BackingService, source: str) -> tuple[Artifact, ...]:
    """Return the job `<app>-<name>-archive` of a kafka service, if it is to have one."""
    archive = service.archive
    if archive is None:
        return ()
    job = f"{stack.app}-{service.name}-archive"
    known = task_variables(_as_app(stack, service, archive), None)
    view = ArchiveView(
        app=stack.app,
        job=job,
        key=f"backing_services.{service.name}.archive",
        engine=service.engine,
        image=archive.image or _IMAGE,
        env=(("EVERY", str(archive.every)), ("GROUP", job), ("TOPIC", archive.topic)),
        variables=known.body or "",
        lists=known.lists or "",
        authorities=known.authorities,
    )
    return (Artifact(job_path(stack, job), "kafka/archive.nomad.hcl.j2", view, source),)


def _as_app(stack: Stack, service: BackingService, archive: Archive) -> Stack:
    """Return the stack with this environment alone: the job learns where services are in the way that the app does."""
    env = (
        *_variables(service.name, _KAFKA),
        *_variables(archive.to, _STORAGE),
    )
    return replace(stack, env=env, secrets=())


def _variables(service: str, outputs: dict[str, str]) -> tuple[Variable, ...]:
    return tuple(Variable(name, (Reference(service, output),)) for name, output in outputs.items())
