"""What can be wrong with machines of one's own: roles, addresses, the shared address, software."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.descriptor import reading, releases
from hashistack.descriptor.meaning_names import duplicates
from hashistack.descriptor.nodes import Broken, Finding, Mapping, Sequence, Value, place
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema_hosts import SOFTWARE
from hashistack.messages import descriptor_hosts as messages
from hashistack.messages import descriptor_meaning

_NEEDED_ROLES = ("server", "client")


def hosts(own: Mapping) -> Iterator[Finding]:
    """Yield what is wrong with an environment of target onprem."""
    found = dict(reading.mappings(own, "hosts"))
    if found:
        yield from _addresses(own, found)
        yield from _roles(own, found)
        yield from _vip(own, found)
    yield from software(reading.mapping(own, "software"))


def _addresses(own: Mapping, found: dict[str, Mapping]) -> Iterator[Finding]:
    vip = reading.mapping(own, "ingress").entries.get("vip")
    nodes = (node for host in found.values() if isinstance(node := host.entries.get("address"), Value))
    everyone = (*nodes, vip) if isinstance(vip, Value) else tuple(nodes)
    for node, first in duplicates(iter(everyone)):
        other = first.path.removesuffix(".address")
        say = messages.vip_taken if node is vip else descriptor_meaning.duplicate_address
        yield place(node), say(node.path, str(node.value), other)


def _roles(own: Mapping, found: dict[str, Mapping]) -> Iterator[Finding]:
    for host in found.values():
        roles = {str(item.value): item for item in reading.items(host, "roles")}
        if "ingress" in roles and "client" not in roles and _sound(host):
            yield place(roles["ingress"]), messages.ingress_without_client(roles["ingress"].path)
    if not _all_sound(own, found):
        return
    whole, counted = own.entries["hosts"], _counted(found)
    for role in _NEEDED_ROLES:
        if role not in counted:
            yield whole.key, descriptor_meaning.no_role(whole.path, role)
    servers = counted.count("server")
    if servers and servers % 2 == 0:
        yield whole.key, descriptor_meaning.even_servers(whole.path, servers)


def _vip(own: Mapping, found: dict[str, Mapping]) -> Iterator[Finding]:
    vip = reading.mapping(own, "ingress").entries.get("vip")
    if isinstance(vip, Value) and _all_sound(own, found) and "ingress" not in _counted(found):
        yield place(vip), messages.vip_without_ingress(vip.path)


def software(own: Mapping) -> Iterator[Finding]:
    """Yield what is wrong with the versions of Nomad and Consul and with where machines get them."""
    mirror = own.entries.get("mirror")
    if mirror is not None and reading.text(own, "from") == "push":
        yield mirror.key, messages.mirror_without_download(mirror.path)
    if broken_checksums(own):
        return
    given = reading.texts(own, "checksums")
    for product in releases.DEFAULTS:
        version = Filled(own, SOFTWARE).text(product)
        node = own.entries.get(product)
        if isinstance(node, Value) and not releases.checksums(product, version, given):
            known = releases.known_versions(product)
            zips = releases.zip_name(product, version, "amd64")
            yield place(node), messages.unknown_release(node.path, product, version, known, zips)


def broken_checksums(own: Mapping) -> bool:
    """Tell whether a checksum has been complained about, so that none can be missed."""
    nodes = reading.mapping(own, "checksums").entries.values()
    return reading.broken(own, "checksums") or any(isinstance(node, Broken) for node in nodes)


def _counted(found: dict[str, Mapping]) -> list[object]:
    return [item.value for host in found.values() for item in reading.items(host, "roles")]


def _all_sound(own: Mapping, found: dict[str, Mapping]) -> bool:
    return len(found) == len(reading.mapping(own, "hosts").entries) and all(map(_sound, found.values()))


def _sound(host: Mapping) -> bool:
    roles = host.entries.get("roles")
    return isinstance(roles, Sequence) and all(isinstance(item, Value) for item in roles.items)
