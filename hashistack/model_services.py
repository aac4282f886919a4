"""Backing services, as later stages see them: what the app depends on, and what keeps its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hashistack.model_cloud import Managed

ServiceType = Literal["postgres", "redis", "kafka", "mqtt", "object-storage", "mongodb"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic; `replicas` is never more than the service has nodes.

    `retention` is in seconds, None for Kafka's own of a week; of a `compact` one the last record of each key stays.
    """

    name: str
    partitions: int
    replicas: int = 1
    retention: int | None = None
    compact: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """Copies the records of `topic` to the object storage `to`, a batch `every` so many seconds.

    `image` is one in which what it takes is installed; with None it is installed when the job starts.
    """

    topic: str
    to: str
    every: int
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Backup:
    """Copies of a database in the object storage `to`: `schedule` has five cron fields, `keep` is how many stay."""

    to: str
    schedule: str
    keep: int


@dataclass(frozen=True, slots=True)
class BackingService:
    """Something the app depends on; `storage` in MiB per node.

    `public` are the TCP ports on which it is reached from outside. `managed` says how the cloud runs it, None where
    a stand-in does. `nodes` is what runs, on a single machine never more than one; `asked` is what the descriptor says.
    Of a stand-in: `memory` in MiB and `cpu` in MHz, None for what its engine needs, `image` in place of its engine's,
    `database` the postgres service that it keeps its data in, None where it needs none.
    """

    name: str
    type: ServiceType
    engine: str
    version: str | None
    nodes: int
    storage: int
    topics: tuple[Topic, ...]
    buckets: tuple[str, ...]
    public: tuple[int, ...]
    managed: Managed | None
    asked: int = 1
    memory: int | None = None
    cpu: int | None = None
    image: str | None = None
    database: str | None = None
    archive: Archive | None = None
    backup: Backup | None = None
