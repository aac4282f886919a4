"""Apache Kafka for `kafka`: members that are broker and controller in one, and a job that brings topics about."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hashistack.compile.artifact import Artifact
from hashistack.compile.consul_template import item
from hashistack.compile.stand_ins import archive
from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.member import EXPORT, Member, job_path, member
from hashistack.model import BackingService, Stack, Topic

# The index of the official image for all processors; ten public repositories pin this tag to this digest.
IMAGE = "apache/kafka:4.3.1@sha256:77e3df9054047a88b520d0cc46e16696d3b22022e1d580aeccd2632df6532837"
_UID = 1000  # `appuser` in the official image
_CPU = 500
_MEMORY = 1024
# Kafka gains nothing from a larger heap: records are in the system's page cache.
_HIGHEST_HEAP = 6144
_FILES = (
    *("start.sh", "whole.sh", "ready.sh", "report.sh", "metrics.sh"),
    *("backup.sh", "restore.sh", "tools.sh", "topics.sh"),
    *("server.properties", "client.properties", "log4j2.properties"),
)
_SETUP_FILES = ("setup.sh", "tools.sh", "topics.sh", "client.properties")
_COPIES = 3  # of what Kafka keeps for itself
_TWO_COPIES = 2
_WEEK = 7 * 24 * 3600  # Kafka's own retention, in seconds


@dataclass(frozen=True, slots=True)
class KafkaView:
    """What `kafka/job.nomad.hcl.j2` shows; `heap` in MiB, `cluster` is a template body with the cluster's id."""

    member: Member
    heap: int
    cluster: str


@dataclass(frozen=True, slots=True)
class SetupView:
    """What `kafka/setup.nomad.hcl.j2` shows; `users` is a template body, `topics` has a line for each."""

    member: Member
    port: int
    copies: int
    users: str
    topics: str


def _artifacts(stack: Stack, service: BackingService, source: str) -> tuple[Artifact, ...]:
    node = member(
        stack,
        service,
        task=ENGINE.task,
        image=IMAGE,
        uid=_UID,
        cpu=_CPU,
        memory=_MEMORY,
        ports=("client", "member", "controller", "metrics"),
        files=(*(f"kafka/{name}" for name in _FILES), EXPORT),
    )
    cluster = "CLUSTER_ID=" + item(f"nomad/jobs/{node.job}/node", "cluster_id")
    view = KafkaView(node, heap=min(node.memory // 2, _HIGHEST_HEAP), cluster=cluster)
    return (
        Artifact(job_path(stack, node.job), "kafka/job.nomad.hcl.j2", view, source),
        Artifact(
            job_path(stack, f"{node.job}-setup"), "kafka/setup.nomad.hcl.j2", _setup(node, service), source
        ),
        *archive.artifacts(stack, service, source),
    )


def _setup(node: Member, service: BackingService) -> SetupView:
    return SetupView(
        member=replace(node, files=tuple(f"kafka/{name}" for name in _SETUP_FILES)),
        port=next(port.number for port in node.ports if port.label == "member"),
        copies=min(service.nodes, _COPIES),
        users=_users(node.job),
        topics="".join(f"{_line(topic)}\n" for topic in service.topics),
    )


def _users(job: str) -> str:
    app, mine = f"nomad/jobs/{job}", f"nomad/jobs/{job}/node"
    lines = (
        f"APP_USER={item(app, 'user')}",
        f"APP_PASSWORD={item(app, 'password')}",
        f"ADMIN_PASSWORD={item(mine, 'admin')}",
    )
    return "\n".join(lines) + "\n"


def _line(topic: Topic) -> str:
    """Return a topic as `topics.sh` reads it; every setting is said, so that one that was taken out is one no more."""
    settings = {
        "cleanup.policy": "compact" if topic.compact else "delete",
        "min.insync.replicas": _enough(topic.replicas),
        "retention.ms": 1000 * (topic.retention or _WEEK),
    }
    words = ";".join(f"{name}={value}" for name, value in settings.items())
    return f"{topic.name} {topic.partitions} {topic.replicas} {words}"


def _enough(replicas: int) -> int:
    """Return how many copies an acknowledged record has at least: more than half of them, yet one may be away."""
    return 1 if replicas <= _TWO_COPIES else replicas // 2 + 1


ENGINE = Engine(_artifacts, "kafka", private=("cluster_id", "admin"), setup=True)
