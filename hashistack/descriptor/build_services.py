"""Make the model of backing services: what each needs of the others filled in, one node on a single machine."""

from __future__ import annotations

from typing import cast

from hashistack import model
from hashistack.descriptor import build_aws, reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Mapping
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema_services import ARCHIVE, BACKING_SERVICE, BACKUP, ENGINES, TOPIC
from hashistack.descriptor.services import database

_ONE_MACHINE = "local"


def services(merged: Merged) -> tuple[model.BackingService, ...]:
    """Return the backing services of one environment, sorted by name."""
    return tuple(
        _service(merged, name, node)
        for name, node in sorted(reading.mappings(merged.app, "backing_services"))
    )


def _service(merged: Merged, name: str, node: Mapping) -> model.BackingService:
    service = Filled(node, BACKING_SERVICE)
    managed = dict(reading.mappings(merged.own, "managed")).get(name)
    kind = cast(model.ServiceType, service.text("type"))
    asked = service.number("nodes")
    nodes = 1 if merged.target == _ONE_MACHINE else asked
    return model.BackingService(
        name=name,
        type=kind,
        engine=service.optional_text("engine") or ENGINES[kind][0],
        version=service.optional_text("version"),
        nodes=nodes,
        storage=service.number("storage"),
        topics=tuple(
            _topic(topic, found, nodes) for topic, found in sorted(reading.mappings(node, "topics"))
        ),
        buckets=service.texts("buckets") or ((name,) if kind == "object-storage" else ()),
        public=tuple(sorted(service.numbers("public"))),
        managed=None if managed is None else build_aws.managed(managed, service),
        asked=asked,
        memory=service.optional_number("memory"),
        cpu=service.optional_number("cpu"),
        image=service.optional_text("image"),
        database=database(merged.app, node, nodes),
        archive=_archive(node),
        backup=_backup(node),
    )


# A record that only one broker has is lost with it, one that all of five have is written slowly.
_REPLICAS = 3


def _topic(name: str, node: Mapping, nodes: int) -> model.Topic:
    topic = Filled(node, TOPIC)
    return model.Topic(
        name=name,
        partitions=topic.number("partitions"),
        replicas=min(topic.optional_number("replicas") or _REPLICAS, nodes),
        retention=topic.optional_number("retention"),
        compact=topic.flag("compact"),
    )


def _archive(node: Mapping) -> model.Archive | None:
    if "archive" not in node.entries:
        return None
    archive = Filled(reading.mapping(node, "archive"), ARCHIVE)
    return model.Archive(
        archive.text("topic"), archive.text("to"), archive.number("every"), archive.optional_text("image")
    )


def _backup(node: Mapping) -> model.Backup | None:
    if "backup" not in node.entries:
        return None
    backup = Filled(reading.mapping(node, "backup"), BACKUP)
    return model.Backup(backup.text("to"), backup.text("schedule"), backup.number("keep"))
