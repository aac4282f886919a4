"""Valkey for `redis`: one node, its data on the node's disk."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.model import BackingService, Stack

IMAGE = "valkey/valkey:8.1.1"
_CPU = 200
_MEMORY = 256
# The rest is for the copy-on-write of a snapshot and for clients' buffers.
_SHARE_FOR_DATA = 0.75


@dataclass(frozen=True, slots=True)
class ValkeyView:
    """What `valkey/job.nomad.hcl.j2` shows; cpu in MHz, sizes in MiB."""

    app: str
    job: str
    key: str
    image: str
    cpu: int
    memory: int
    storage: int
    config: str


def stand_in(stack: Stack, service: BackingService, source: str) -> Artifact:
    """Return the job of a single Valkey node."""
    job = f"{stack.app}-{service.name}"
    view = ValkeyView(
        app=stack.app,
        job=job,
        key=f"backing_services.{service.name}",
        image=IMAGE,
        cpu=_CPU,
        memory=_MEMORY,
        storage=service.storage,
        config=_config(job),
    )
    return Artifact(f"{stack.environment.name}/jobs/{job}.nomad.hcl", "valkey/job.nomad.hcl.j2", view, source)


def _config(job: str) -> str:
    return "\n".join(
        (
            "bind 0.0.0.0",
            "port 6379",
            f'{{{{ with nomadVar "nomad/jobs/{job}" }}}}requirepass {{{{ .password.Value }}}}{{{{ end }}}}',
            'dir {{ env "NOMAD_ALLOC_DIR" }}/data',
            "appendonly yes",
            f"maxmemory {int(_MEMORY * _SHARE_FOR_DATA)}mb",
            "maxmemory-policy noeviction",
            "",
        )
    )
