"""What can be wrong with a backing service: keys of other types, nodes, and what it needs of its neighbours."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.descriptor import reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Finding, Mapping, Value, place
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema_hosts import HOST
from hashistack.descriptor.schema_scale import CLIENTS
from hashistack.descriptor.schema_services import ENGINES, NODES
from hashistack.descriptor.services import DATABASE, DOCUMENTS, OBJECTS, is_managed, of_type
from hashistack.descriptor.stand_in_needs import NEEDS
from hashistack.descriptor.stand_in_ports import BLOCKS
from hashistack.descriptor.suggest import closest
from hashistack.messages import descriptor_meaning
from hashistack.messages import descriptor_services as messages

_TYPE_KEYS = {
    "engine": ("mqtt",),
    "topics": ("kafka",),
    "buckets": ("object-storage",),
    "public": ("mqtt",),
    "database": ("mongodb", "object-storage"),
    "archive": ("kafka",),
    "backup": ("postgres",),
}
_POOL = "default"
# PostgreSQL's own databases: the app's would be called like one of them.
_OWN_DATABASES = ("postgres", "template0", "template1")


def services(merged: Merged) -> Iterator[Finding]:
    """Yield what is wrong with the backing services of one environment."""
    yield from _app(merged)
    yield from _number(merged)
    for name, service in reading.mappings(merged.app, "backing_services"):
        kind = reading.text(service, "type")
        if not kind:
            continue
        yield from _keys(service, kind)
        yield from _nodes(service, kind)
        yield from _kept_in(merged, name, service, kind)
        if kind == "kafka":
            yield from _archive(merged, name, reading.mapping(service, "archive"), service)
        if kind == DATABASE:
            yield from _named(merged, reading.mapping(service, "backup"), "to", OBJECTS)
        if merged.target != "local":
            yield from _replicas(service)
        if not is_managed(merged, name):
            yield from _machines(merged, service, kind)
            yield from _needs(service, kind)


def _app(merged: Merged) -> Iterator[Finding]:
    app, here = reading.text(merged.app, "app"), of_type(merged.app, DATABASE)
    if app in _OWN_DATABASES and not all(is_managed(merged, name) for name in here):
        node = merged.app.entries["app"]
        yield place(node), messages.own_database(node.path, app)


def _number(merged: Merged) -> Iterator[Finding]:
    here = [
        name for name, _ in reading.mappings(merged.app, "backing_services") if not is_managed(merged, name)
    ]
    if len(here) > BLOCKS:
        node = reading.mapping(merged.app, "backing_services")
        yield node.key, messages.too_many_services(node.path, len(here), BLOCKS)


def _keys(service: Mapping, kind: str) -> Iterator[Finding]:
    for key, only in _TYPE_KEYS.items():
        if key in service.entries and kind not in only:
            node = service.entries[key]
            yield node.key, descriptor_meaning.other_type(node.path, key, only, kind)


def _nodes(service: Mapping, kind: str) -> Iterator[Finding]:
    nodes = service.entries.get("nodes")
    if isinstance(nodes, Value) and nodes.value not in NODES[kind]:
        wrong = descriptor_meaning.wrong_nodes(nodes.path, kind, int(str(nodes.value)), NODES[kind])
        yield place(nodes), wrong


def _kept_in(merged: Merged, name: str, service: Mapping, kind: str) -> Iterator[Finding]:
    if kind not in (DOCUMENTS, OBJECTS):
        return
    if "database" in service.entries:
        yield from _named(merged, service, "database", DATABASE)
    elif kind == DOCUMENTS and not is_managed(merged, name) and not _unsure(merged.app):
        found = of_type(merged.app, DATABASE)
        if not found:
            yield service.key, messages.no_database(service.path, name)
        elif len(found) > 1:
            yield service.key, messages.several_databases(service.path, name, found)


def _archive(merged: Merged, name: str, archive: Mapping, service: Mapping) -> Iterator[Finding]:
    yield from _named(merged, archive, "to", OBJECTS)
    topic = archive.entries.get("topic")
    if not isinstance(topic, Value) or reading.broken(service, "topics"):
        return
    topics = reading.mapping(service, "topics").entries
    if topic.value not in topics:
        meant = closest(str(topic.value), topics)
        yield place(topic), descriptor_meaning.unknown_topic(topic.path, str(topic.value), name, meant)


def _named(merged: Merged, node: Mapping, key: str, kind: str) -> Iterator[Finding]:
    """Yield a finding unless `key` names a service of type `kind`."""
    named, known = node.entries.get(key), reading.mapping(merged.app, "backing_services")
    if not isinstance(named, Value) or reading.broken(merged.app, "backing_services"):
        return
    name = str(named.value)
    found = reading.text(reading.mapping(known, name), "type")
    if name not in known.entries:
        problem = messages.absence(name in merged.absent, merged.name)
    elif found and found != kind:
        problem = f"a service of type {found}, not {kind}"
    else:
        return
    yield place(named), messages.other_service(named.path, name, problem, kind, of_type(merged.app, kind))


def _replicas(service: Mapping) -> Iterator[Finding]:
    if reading.broken(service, "nodes"):
        return
    nodes = reading.number(service, "nodes") or 1
    for _, topic in reading.mappings(service, "topics"):
        replicas = topic.entries.get("replicas")
        if isinstance(replicas, Value) and int(str(replicas.value)) > nodes:
            wrong = messages.replicas_above_nodes(replicas.path, int(str(replicas.value)), nodes)
            yield place(replicas), wrong


def _machines(merged: Merged, service: Mapping, kind: str) -> Iterator[Finding]:
    nodes = service.entries.get("nodes")
    if not isinstance(nodes, Value) or nodes.value not in NODES[kind]:
        return
    wanted = int(str(nodes.value))
    if merged.target == "onprem" and not reading.broken(merged.own, "hosts"):
        hosts = [name for name, host in reading.mappings(merged.own, "hosts") if _runs_services(host)]
        if wanted > max(len(hosts), 1):
            yield place(nodes), messages.too_few_hosts(nodes.path, wanted, merged.name, hosts)
    elif merged.target == "aws" and (most := _most_clients(merged.own)) < wanted:
        yield place(nodes), messages.too_few_clients(nodes.path, wanted, merged.name, most)


def _needs(service: Mapping, kind: str) -> Iterator[Finding]:
    """Yield a version that the engine's job is not made for, and amounts that are too small to be meant."""
    if reading.broken(service, "engine"):
        return
    engine = reading.text(service, "engine") or ENGINES[kind][0]
    needs = NEEDS[engine]
    version = service.entries.get("version")
    if isinstance(version, Value) and not needs.runs(str(version.value)):
        yield place(version), messages.other_version(version.path, engine, str(version.value), needs.versions)
    for key, least in (("memory", needs.memory), ("storage", needs.storage)):
        node = service.entries.get(key)
        if isinstance(node, Value) and int(str(node.value)) < least:
            yield place(node), messages.too_small(node.path, engine, key, int(str(node.value)), least)


def _most_clients(own: Mapping) -> int:
    """Return how many clients a cloud may have; where that is not clear, more than any service has nodes."""
    clients = reading.mapping(own, "clients")
    if reading.broken(own, "clients") or any(reading.broken(clients, key) for key in ("min", "max")):
        return max(map(max, NODES.values()))
    filled = Filled(clients, CLIENTS)
    return filled.optional_number("max") or filled.number("min")


def _runs_services(host: Mapping) -> bool:
    """Tell whether a node could run there; of a host with a mistake nothing follows."""
    if reading.broken(host, "roles") or reading.broken(host, "pool"):
        return True
    roles = [str(item.value) for item in reading.items(host, "roles")]
    return "client" in roles and Filled(host, HOST).text("pool") == _POOL


def _unsure(app: Mapping) -> bool:
    """Tell whether a service has no readable type, which may be the one that is missed."""
    found = reading.mapping(app, "backing_services").entries.values()
    return any(not isinstance(node, Mapping) or not reading.text(node, "type") for node in found)
