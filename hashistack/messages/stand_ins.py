"""HS700 to HS709: changes that the data or the ports of a stand-in would not survive, refused before any is made."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic

_VOTES = {
    "kafka": "its controllers vote, and brokers that are gone would still count",
    "postgres": "a commit waits for its copies, and those that are gone would be missed",
    "valkey": "its sentinels decide by a majority, and those that are gone would still count",
    "seaweedfs": "its masters vote, and each object has a copy on another machine, which may be one that goes",
    "rabbitmq": "its queues have a copy on each node, and those that are gone would still count",
    "nats": "its streams have copies that vote, and those that are gone would still count",
    "emqx": "its nodes keep each other's sessions, and those that are gone would still be asked",
}


def other_engine(name: str, found: str, wanted: str) -> Diagnostic:
    """Another engine for data that it cannot read."""
    return Diagnostic(
        "HS700",
        f"{name} runs {found}, and {wanted} cannot read its data",
        f"backing_services.{name}.engine",
        f"nothing was changed; write `engine: {found}`, or add a service of another name and move the app to it",
    )


def fewer_nodes(name: str, engine: str, found: int, wanted: int, topics: Sequence[str]) -> Diagnostic:
    """Fewer nodes than the cluster has members; `topics` have more replicas than would be left."""
    why = f"the topics {', '.join(topics)} have more replicas" if topics else _VOTES.get(engine, "")
    return Diagnostic(
        "HS701",
        f"{name} has {found} nodes and cannot shrink to {wanted}{f': {why}' if why else ''}",
        f"backing_services.{name}.nodes",
        f"nothing was changed; write `nodes: {found}`, or add a smaller service of another name and move the app to it",
    )


def stays_alone(name: str, engine: str, wanted: int) -> Diagnostic:
    """A single node whose data cannot become that of a cluster."""
    return Diagnostic(
        "HS706",
        f"{name} has one node, and {engine} cannot make {wanted} of it: a cluster keeps its data in another form",
        f"backing_services.{name}.nodes",
        "nothing was changed; write `nodes: 1`, or add a service of another name and copy to it",
    )


def older_version(name: str, engine: str, found: str, wanted: str) -> Diagnostic:
    """A version that may not read what a newer one wrote."""
    return Diagnostic(
        "HS702",
        f"{name} runs {engine} {found}, and {wanted} is older: it may not read what {found} has written",
        f"backing_services.{name}.version",
        f"nothing was changed; ask for {found} or later, or restore a backup into a service of another name",
    )


def distant_version(name: str, engine: str, found: str, wanted: str, step: str) -> Diagnostic:
    """A version that cannot take over the data; `step` is what can, "" where none does."""
    hint = f"go to {step} first" if step else "restore a backup into a service of another name"
    return Diagnostic(
        "HS703",
        f"{name} runs {engine} {found}, which cannot be upgraded to {wanted} directly",
        f"backing_services.{name}.version",
        f"nothing was changed; {hint}",
    )


def fewer_partitions(name: str, topic: str, found: int, wanted: int) -> Diagnostic:
    """A topic with fewer partitions than it has: Kafka would have to drop records."""
    return Diagnostic(
        "HS704",
        f"{topic} has {found} partitions, and Kafka cannot take any away to leave {wanted}",
        f"backing_services.{name}.topics.{topic}.partitions",
        f"nothing was changed; write `partitions: {found}` or more, or add a topic of another name",
    )


def bucket_not_empty(name: str, bucket: str) -> Diagnostic:
    """A bucket that the descriptor no longer has, with objects in it."""
    return Diagnostic(
        "HS705",
        f"the bucket {bucket} is no longer in the descriptor and still has objects",
        f"backing_services.{name}.buckets",
        f"nothing was changed; add {bucket} to `buckets`, or delete its objects first",
    )


def other_database(name: str, found: str, wanted: str) -> Diagnostic:
    """Another database for what a service keeps in one; "" where each of its nodes keeps it."""
    hint = "add a service of another name and copy to it"
    return Diagnostic(
        "HS707",
        f"{name} keeps what it has in {found or 'its own nodes'}; it would begin empty in {wanted or 'its own nodes'}",
        f"backing_services.{name}.database",
        f"nothing was changed; {f'write `database: {found}`, or ' if found else ''}{hint}",
    )


def other_ports(name: str, found: int, wanted: int, owner: str) -> Diagnostic:
    """Other ports for members that know each other by theirs; `owner` is the service that would have those."""
    why = f": {owner} would take them" if owner else ", since a service that had those is gone"
    hint = f"rename {owner}" if owner else "add that service again"
    return Diagnostic(
        "HS708",
        f"the ports of {name} would move from {found} to {wanted}{why}",
        f"backing_services.{owner or name}",
        f"nothing was changed; {hint}, or add a service of another name than {name} and move the app to it",
    )


def ports_taken(name: str, port: int, job: str) -> Diagnostic:
    """A block of ports that another job of the cluster has already."""
    return Diagnostic(
        "HS709",
        f"{name} would have the ports from {port} on, and the job {job} has them",
        f"backing_services.{name}",
        f"nothing was changed; give {name} another name, which gives it other ports",
    )
