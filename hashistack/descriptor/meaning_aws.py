"""What can be wrong with an environment on AWS: zones, machines, managed services, tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from hashistack.descriptor import managed_versions, reading, releases
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.machines import architecture
from hashistack.descriptor.meaning_aws_names import records
from hashistack.descriptor.meaning_aws_network import network
from hashistack.descriptor.meaning_hosts import broken_checksums, software
from hashistack.descriptor.meaning_processes import range_of
from hashistack.descriptor.nodes import Finding, Mapping, Value, place
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.regions import LACKING
from hashistack.descriptor.schema_managed import INSTANCES, MANAGED_KEYS
from hashistack.descriptor.schema_scale import CLIENTS, SERVERS
from hashistack.descriptor.suggest import closest
from hashistack.messages import descriptor_aws as messages
from hashistack.messages import descriptor_meaning, descriptor_services

_ZONES = (2, 3)
# The system, Docker and the agents take three of them.
_LEAST_DISK = 10 * 1024
# A resource has at most 50, and ours are among them.
_MOST_TAGS = 40


def cloud(merged: Merged) -> Iterator[Finding]:
    """Yield what is wrong with an environment of target aws."""
    own = merged.own
    yield from _zones(own)
    yield from _servers(reading.mapping(own, "servers"))
    yield from _clients(reading.mapping(own, "clients"))
    yield from _requests(merged)
    yield from _managed(merged)
    yield from network(own)
    yield from records(merged)
    yield from _tags(own)
    yield from _software(own)


def _zones(own: Mapping) -> Iterator[Finding]:
    region, zones = reading.text(own, "region"), own.entries.get("zones")
    found = reading.items(own, "zones")
    for zone in found:
        if region and not str(zone.value).startswith(region):
            yield place(zone), descriptor_meaning.zone_outside(zone.path, str(zone.value), region)
    if zones is not None and found and not _ZONES[0] <= len(found) <= _ZONES[1]:
        yield zones.key, messages.number_of_zones(zones.path, len(found))


def _servers(servers: Mapping) -> Iterator[Finding]:
    count = servers.entries.get("count")
    if isinstance(count, Value) and cast(int, count.value) % 2 == 0:
        yield place(count), descriptor_meaning.even_servers(count.path, cast(int, count.value))


def _clients(clients: Mapping) -> Iterator[Finding]:
    yield from range_of(clients, cast(int, CLIENTS.keys["min"].default))
    yield from _architectures(clients)
    disk = clients.entries.get("disk")
    if isinstance(disk, Value) and cast(int, disk.value) < _LEAST_DISK:
        yield place(disk), messages.small_disk(disk.path, cast(int, disk.value), _LEAST_DISK)
    filled, scale = Filled(clients, CLIENTS), clients.entries.get("scale")
    low, high = filled.number("min"), filled.optional_number("max")
    sound = not reading.broken(clients, "min") and not reading.broken(clients, "max")
    if scale is not None and sound and high in (None, low):
        yield scale.key, messages.without_room_to_scale(scale.path, low)
    yield from _on_demand(clients)


def _architectures(clients: Mapping) -> Iterator[Finding]:
    types = reading.items(clients, "types")
    for node in types[1:]:
        name, first = str(node.value), str(types[0].value)
        ours, theirs = architecture(name), architecture(first)
        if ours != theirs:
            yield place(node), messages.mixed_architectures(node.path, name, ours, first, theirs)


def _on_demand(clients: Mapping) -> Iterator[Finding]:
    node = clients.entries.get("on_demand")
    if not isinstance(node, Value) or reading.broken(clients, "spot") or reading.broken(clients, "max"):
        return
    filled = Filled(clients, CLIENTS)
    count, most = cast(int, node.value), filled.optional_number("max") or filled.number("min")
    if not filled.number("spot"):
        yield node.key, messages.without_spot(node.path)
    elif count > most and not reading.broken(clients, "min"):
        yield place(node), messages.too_many_on_demand(node.path, count, most)


def _software(own: Mapping) -> Iterator[Finding]:
    node = reading.mapping(own, "software")
    if reading.text(node, "from") == "push":
        yield place(node.entries["from"]), messages.push_to_cloud(node.entries["from"].path)
    yield from software(node)
    for product in releases.DEFAULTS if not broken_checksums(node) else ():
        found = node.entries.get(product)
        if isinstance(found, Value):
            yield from _checksums(own, found, product, reading.texts(node, "checksums"))


def _checksums(own: Mapping, node: Value, product: str, given: dict[str, str]) -> Iterator[Finding]:
    """Yield a finding if some machine could not check the zip of its architecture, where any is known."""
    version = str(node.value)
    known = releases.checksums(product, version, given)
    for type_ in _types(own) if known else ():
        zips = releases.zip_name(product, version, architecture(type_))
        if zips not in known:
            yield place(node), messages.other_architecture(node.path, product, version, type_, zips)
            return


def _types(own: Mapping) -> tuple[str, ...]:
    """Return the instance types of servers and clients."""
    servers = Filled(reading.mapping(own, "servers"), SERVERS).text("type")
    return (servers, *Filled(reading.mapping(own, "clients"), CLIENTS).texts("types"))


def _requests(merged: Merged) -> Iterator[Finding]:
    scale = reading.mapping(reading.mapping(merged.own, "clients"), "scale")
    routed = any("routes" in process.entries for _, process in reading.mappings(merged.app, "processes"))
    if (node := scale.entries.get("requests")) is not None and not routed:
        yield node.key, descriptor_meaning.needs_routes(node.path, "requests")


def _managed(merged: Merged) -> Iterator[Finding]:
    services = reading.mapping(merged.app, "backing_services")
    if reading.broken(merged.app, "backing_services"):
        return
    region = reading.text(merged.own, "region")
    for name, node in reading.mappings(merged.own, "managed"):
        if name in merged.absent:
            yield node.key, descriptor_services.managed_absent(node.path, name, merged.name)
        elif name not in services.entries:
            yield (
                node.key,
                descriptor_meaning.managed_unknown(node.path, name, closest(name, services.entries)),
            )
        elif kind := reading.text(reading.mapping(services, name), "type"):
            yield from _managed_keys(node, kind)
            yield from _managed_service(node, kind, reading.mapping(services, name))
            if region in LACKING.get(kind, ()):
                yield node.key, messages.lacking_region(node.path, _SERVICES[kind], region)


_SERVICES = {"mongodb": "DocumentDB", "mqtt": "IoT Core"}


def _managed_keys(node: Mapping, kind: str) -> Iterator[Finding]:
    for key, found in node.entries.items():
        if key not in MANAGED_KEYS[kind]:
            yield found.key, messages.managed_key(found.path, key, kind)
    instance, known = node.entries.get("instance"), INSTANCES.get(kind, "")
    prefix = known.partition(".")[0] + "."
    if known and isinstance(instance, Value) and not str(instance.value).startswith(prefix):
        yield (
            place(instance),
            messages.instance_of_another(instance.path, str(instance.value), kind, prefix, known),
        )


def _managed_service(managed: Mapping, kind: str, service: Mapping) -> Iterator[Finding]:
    """Yield what the service itself asks for that AWS does not have."""
    version, said = service.entries.get("version"), reading.text(service, "version")
    if isinstance(version, Value) and not managed_versions.known(kind, said):
        choices = managed_versions.choices(kind)
        yield place(version), messages.unknown_version(version.path, kind, said, choices)
    instance, smallest = managed.entries.get("instance"), managed_versions.SMALL_BROKERS
    small = isinstance(instance, Value) and instance.value == smallest
    if instance is not None and small and managed_versions.needs_more(kind, said):
        yield place(instance), messages.small_brokers(instance.path, smallest, said)
    if kind == "mqtt" and reading.items(service, "public"):
        node = service.entries["public"]
        yield node.key, messages.public_by_itself(node.path)


def _tags(own: Mapping) -> Iterator[Finding]:
    tags = own.entries.get("tags")
    if isinstance(tags, Mapping) and len(tags.entries) > _MOST_TAGS:
        yield tags.key, messages.too_many_tags(tags.path, len(tags.entries), _MOST_TAGS)
