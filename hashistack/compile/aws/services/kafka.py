"""Kafka of Amazon MSK."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.aws.services import sizes, versions
from hashistack.compile.aws.services.named import Named, how, named
from hashistack.model import BackingService, Managed, Stack


@dataclass(frozen=True, slots=True)
class KafkaView:
    """What `service-kafka.tf.j2` shows; `storage` in GiB per broker, `properties` are those of Kafka's brokers."""

    named: Named
    version: str
    managed: Managed
    brokers: int
    storage: int
    properties: str


def view(stack: Stack, service: BackingService) -> KafkaView:
    """Return the view of a managed Kafka."""
    return KafkaView(
        named=named(stack, service, longest=64),
        version=versions.engine_version(service),
        managed=how(service),
        brokers=sizes.brokers(stack, service),
        storage=sizes.gigabytes(service),
        properties=_properties(stack, service),
    )


def _properties(stack: Stack, service: BackingService) -> str:
    copies = sizes.copies(stack, service)
    partitions = max((topic.partitions for topic in service.topics), default=1)
    values = {
        "auto.create.topics.enable": "true",
        "default.replication.factor": copies,
        "min.insync.replicas": max(1, copies - 1),
        "num.partitions": partitions,
        "unclean.leader.election.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())
