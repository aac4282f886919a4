"""Valkey for `redis`: one primary, replicas, and a Sentinel beside each that decides who is primary."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.consul_template import item
from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.member import Member, job_path, member
from hashistack.model import BackingService, Stack

# The index of the official image for all processors; several public repositories pin this tag, or `8-bookworm` of its
# days, to this digest.
IMAGE = "valkey/valkey:8.1.3@sha256:fea8b3e67b15729d4bb70589eb03367bab9ad1ee89c876f54327fc7c6e618571"
# Valkey has no numbers for Prometheus of its own; MIT-licensed, and the version that Debian 13 has.
EXPORTER_IMAGE = "oliver006/redis_exporter:v1.69.0"
_UID = 999  # `valkey` in the official image
_CPU = 200
_MEMORY = 256
# The rest is for the copy-on-write of a rewrite of the append-only file and for clients' buffers.
_SHARE_FOR_DATA = 0.75
_NUMBERS = (
    "ping",
    "client|setname",
    "info",
    "slowlog|len",
    "slowlog|get",
    "latency|latest",
    "latency|histogram",
)
_SERVER_FILES = tuple(f"valkey/{name}.sh" for name in ("start", "ready", "role", "report"))
_SENTINEL_FILES = ("valkey/sentinel.sh",)


@dataclass(frozen=True, slots=True)
class ValkeyView:
    """What `valkey/job.nomad.hcl.j2` shows; `data` is the memory for keys and values in MiB.

    `exporter` is the image of what has a node's numbers. `roles` are the services that follow the role: name, role,
    seconds between checks. Users, a template body, and files, the scripts, are those of each of the two tasks.
    """

    member: Member
    exporter: str
    data: int
    roles: tuple[tuple[str, str, int], ...]
    server_users: str
    sentinel_users: str
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
        ports=("client", "sentinel", "metrics"),
        files=("valkey/common.sh",),
    )
    view = ValkeyView(
        member=node,
        exporter=EXPORTER_IMAGE,
        data=int(node.memory * _SHARE_FOR_DATA),
        roles=(
            (node.job, "primary", 5),
            (f"{node.job}-primary", "primary", 15),
            (f"{node.job}-replica", "replica", 15),
        ),
        server_users=f"{_users(node.job)}\n{_exporter(node.job)}",
        sentinel_users=_users(node.job),
        server_files=_SERVER_FILES,
        sentinel_files=_SENTINEL_FILES,
    )
    return (Artifact(job_path(stack, node.job), "valkey/job.nomad.hcl.j2", view, source),)


def _users(job: str) -> str:
    """Return Valkey's list of users: clients may do all but administer, nodes and Sentinels may do all."""
    app, mine = f"nomad/jobs/{job}", f"nomad/jobs/{job}/node"
    return "\n".join(
        (
            f"user default on >{item(app, 'password')} ~* &* +@all -@admin +role",
            f"user node on >{item(mine, 'node_password')} ~* &* +@all",
        )
    )


def _exporter(job: str) -> str:
    """Return a user that may ask for numbers: for no key, nor for the configuration, in which a password is.

    Sentinel does not know all of these commands, and refuses a list with one that it does not know.
    """
    password = item(f"nomad/jobs/{job}/node", "metrics_password")
    return f"user metrics on >{password} -@all {' '.join(f'+{command}' for command in _NUMBERS)}"


ENGINE = Engine(_artifacts, "valkey", private=("node_password", "metrics_password"), user="default")
