"""What can be wrong with the network of an environment on AWS: its addresses, who may enter, how long logs stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from hashistack.descriptor import reading
from hashistack.descriptor.nodes import Finding, Mapping, Value, place
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema_aws import NETWORK
from hashistack.descriptor.schema_scale import CLIENTS, SERVERS
from hashistack.messages import descriptor_aws as messages

Range = tuple[int, int]
"""A network as its first address and the number of bits that all its addresses share."""

_BITS = 32
_WIDEST, _NARROWEST = 16, 24
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
# Docker's bridge (`bip`), and Nomad's (`bridge_network_subnet`), by their defaults.
_TAKEN = {"172.17.0.0/16": "Docker", "172.26.64.0/20": "Nomad"}
# The subnets are made by compile/aws/addresses.py. AWS keeps five addresses of each, and load balancers, endpoints and
# machines that are being replaced take some more.
_LARGEST_SUBNET, _SUBNET_BITS, _KEPT, _BESIDE = 20, 2, 5, 16
_ZONES_OF_NARROWEST = 2
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)


def network(own: Mapping) -> Iterator[Finding]:
    """Yield what is wrong with the network of an environment."""
    node = reading.mapping(own, "network")
    cidr = node.entries.get("cidr")
    if isinstance(cidr, Value):
        yield from _addresses(own, cidr)
    for item in reading.items(own, "bastion"):
        yield from _guests(item)
    yield from _days(own.entries.get("logs"))
    yield from _days(node.entries.get("flow_logs"))


def overlaps(root: Mapping) -> Iterator[Finding]:
    """Find environments on AWS whose networks overlap, where one of them was chosen."""
    # By what all addresses of a network have in common at least, so that few are compared.
    seen: dict[int, list[tuple[str, str]]] = {}
    environments = [(name, own) for name, own in reading.mappings(root, "environments") if _is_cloud(own)]
    # Written ones last: an overlap with a default is shown where somebody can change it.
    for name, own in sorted(environments, key=lambda each: _written(each[1]) is not None):
        node = _written(own)
        cidr = Filled(reading.mapping(own, "network"), NETWORK).text("cidr")
        start, prefix = _range(cidr)
        if not _WIDEST <= prefix <= _NARROWEST:
            continue
        near = seen.setdefault(start >> (_BITS - _WIDEST), [])
        clash = next((each for each in near if _overlap(each[1], cidr)), None)
        if node is not None and clash is not None:
            yield place(node), messages.overlapping_networks(node.path, cidr, clash[1], clash[0])
        near.append((name, cidr))


def _addresses(own: Mapping, node: Value) -> Iterator[Finding]:
    cidr = str(node.value)
    start, prefix = _range(cidr)
    first = _first(start, prefix)
    if first != start:
        yield place(node), messages.network_start(node.path, cidr, f"{_dotted(first)}/{prefix}")
    elif not any(_overlap(private, cidr) and _range(private)[1] <= prefix for private in _PRIVATE):
        yield place(node), messages.public_network(node.path, cidr)
    elif not _WIDEST <= prefix <= _NARROWEST:
        yield place(node), messages.network_size(node.path, prefix, max(_WIDEST, min(prefix, _NARROWEST)))
    else:
        for taken, whose in _TAKEN.items():
            if _overlap(taken, cidr):
                yield place(node), messages.taken_network(node.path, cidr, taken, whose)
        yield from _room(own, node, prefix)


def _guests(node: Value) -> Iterator[Finding]:
    """Yield what is wrong with a network that may log in."""
    cidr = str(node.value)
    start, prefix = _range(cidr)
    if prefix == 0:
        yield place(node), messages.open_to_all(node.path, cidr)
    elif (first := _first(start, prefix)) != start:
        yield place(node), messages.network_start(node.path, cidr, f"{_dotted(first)}/{prefix}")


def _first(address: int, prefix: int) -> int:
    """Return the first address of the network that an address is in."""
    return address >> (_BITS - prefix) << (_BITS - prefix)


def _room(own: Mapping, node: Value, prefix: int) -> Iterator[Finding]:
    """Yield a finding if the machines and what comes beside them do not fit into the subnets."""
    servers, clients = (reading.mapping(own, key) for key in ("servers", "clients"))
    if any(
        reading.broken(holder, key)
        for holder, key in ((servers, "count"), (clients, "min"), (clients, "max"))
    ):
        return
    filled = Filled(clients, CLIENTS)
    most = filled.optional_number("max") or filled.number("min")
    machines = Filled(servers, SERVERS).number("count") + most
    zones = len(reading.items(own, "zones")) or 2
    each = (1 << (_BITS - max(_LARGEST_SUBNET, prefix + _SUBNET_BITS))) - _KEPT - _BESIDE
    zones_with_room = min(zones, _ZONES_OF_NARROWEST) if prefix == _NARROWEST else zones
    if machines > each * zones_with_room or zones > zones_with_room:
        room = each * zones_with_room if zones == zones_with_room else 0
        yield place(node), messages.small_network(node.path, str(node.value), machines, zones, room)


def _days(node: object) -> Iterator[Finding]:
    if not isinstance(node, Value):
        return
    days = cast(int, node.value)
    if days and days not in _DAYS:
        below = [known for known in _DAYS if known < days][-1:]
        above = [known for known in _DAYS if known > days][:1]
        yield place(node), messages.days(node.path, days, [*below, *above])


def _is_cloud(own: Mapping) -> bool:
    return reading.text(own, "target") == "aws" and not reading.broken(
        reading.mapping(own, "network"), "cidr"
    )


def _written(own: Mapping) -> Value | None:
    node = reading.mapping(own, "network").entries.get("cidr")
    return node if isinstance(node, Value) else None


def _overlap(one: str, other: str) -> bool:
    (first, wide), (second, narrow) = _range(one), _range(other)
    rest = _BITS - min(wide, narrow)
    return first >> rest == second >> rest


def _range(cidr: str) -> Range:
    """Return a network as numbers; the ipaddress module takes longer to import than a descriptor to read."""
    address, _, prefix = cidr.partition("/")
    number = 0
    for part in address.split("."):
        number = number << 8 | int(part)
    return number, int(prefix)


def _dotted(address: int) -> str:
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
