"""Valkey for `redis`: one primary, replicas, and a Sentinel beside each that decides who is primary."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.member import Member, job_path, member
from hashistack.model import BackingService, Stack

# The index of the official image for all processors; several public repositories pin this tag, or `8-bookworm` of its
# days, to this digest.
IMAGE = "valkey/valkey:8.1.3@sha256:fea8b3e67b15729d4bb70589eb03367bab9ad1ee89c876f54327fc7c6e618571"
_UID = 999  # `valkey` in the official image
_CPU = 200
_MEMORY = 256
# The rest is for the copy-on-write of a rewrite of the append-only file and for clients' buffers.
_SHARE_FOR_DATA = 0.75
_SERVER_FILES = tuple(f"valkey/{name}.sh" for name in ("start", "ready", "role", "report"))
_SENTINEL_FILES = ("valkey/sentinel.sh",)


@dataclass(frozen=True, slots=True)
class ValkeyView:
    """What `valkey/job.nomad.hcl.j2` shows; `data` is the memory for keys and values in MiB.

    `roles` are the services that follow the role: name, role, seconds between checks. The files are
    the scripts of each of the two tasks.
    """

    member: Member
    data: int
    roles: tuple[tuple[str, str, int], ...]
    users: str
    server_files: tuple[str, ...]
    sentinel_files: tuple[str, ...]


def _artifacts(stack: Stack, service: BackingService, source: str) -> tuple[Artifact, ...]:
    node = member(
        stack,
        service,
        task=ENGINE.task,
        image=IMAGE,
        uid=_UID,
        cpu=_CPU,
        memory=_MEMORY,
        ports=("client", "sentinel"),
        files=("valkey/common.sh",),
    )
    view = ValkeyView(
        member=node,
        data=int(node.memory * _SHARE_FOR_DATA),
        roles=(
            (node.job, "primary", 5),
            (f"{node.job}-primary", "primary", 15),
            (f"{node.job}-replica", "replica", 15),
        ),
        users=_users(node.job),
        server_files=_SERVER_FILES,
        sentinel_files=_SENTINEL_FILES,
    )
    return (Artifact(job_path(stack, node.job), "valkey/job.nomad.hcl.j2", view, source),)


def _users(job: str) -> str:
    """Return Valkey's list of users: clients may do all but administer, nodes and Sentinels may do all."""
    return "\n".join(
        (
            f'{{{{ with nomadVar "nomad/jobs/{job}" }}}}user default on >{{{{ .password.Value }}}} '
            "~* &* +@all -@admin +role{{ end }}",
            f'{{{{ with nomadVar "nomad/jobs/{job}/node" }}}}user node on >{{{{ .node_password.Value }}}} '
            "~* &* +@all{{ end }}",
        )
    )


ENGINE = Engine(_artifacts, "valkey", private=("node_password",), user="default")
