"""What can be wrong with the names of an environment on AWS: hosts without a hosted zone, records that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from hashistack.descriptor import reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Finding, Mapping, Value, place
from hashistack.descriptor.routes import located
from hashistack.messages import descriptor_aws as messages
from hashistack.model import Route

_ADDRESS = r"[0-9]+(\.[0-9]+){3}"
# What an alias record of Route 53 can point at: load balancers, CloudFront, or a name of the same zone.
_ALIAS = r".+\.(elb(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?|cloudfront\.net)"


def records(merged: Merged) -> Iterator[Finding]:
    """Yield what is wrong with the public hosts and with those who share their traffic."""
    dns = reading.mapping(merged.own, "dns")
    if (
        reading.broken(merged.own, "dns")
        or reading.broken(dns, "zone")
        or reading.broken(merged.own, "domain")
    ):
        return
    zone = reading.text(dns, "zone") or merged.domain
    hosts = dict(_public_hosts(merged))
    for host, node in hosts.items():
        if not zone:
            yield place(node), messages.needs_zone(node.path, host, merged.name)
        elif not _within(host, zone):
            yield place(node), messages.outside_zone(node.path, host, zone)
    yield from _others(dns, zone, zone in hosts)
    for target in _targets(dns):
        if target.value in hosts:
            yield place(target), messages.own_name(target.path, str(target.value))


def _public_hosts(merged: Merged) -> Iterator[tuple[str, Value]]:
    for name, process in reading.mappings(merged.app, "processes"):
        if reading.value(process, "internal"):
            continue
        written = reading.mapping(reading.mapping(merged.own, "processes"), name)
        domains = () if "routes" in written.entries else merged.domains
        for item in reading.items(process, "routes"):
            if host := located(cast(Route, item.value), merged.domain, domains).host:
                yield host, item


def _others(dns: Mapping, zone: str, at_top: bool) -> Iterator[Finding]:
    others = dns.entries.get("others")
    if not isinstance(others, Mapping):
        return
    if "weight" not in dns.entries and others.entries:
        yield others.key, messages.others_without_weight(others.path)
    targets = _targets(dns)
    names = [node for node in targets if not _aliased(str(node.value), zone)]
    addresses = [node for node in targets if re.fullmatch(_ADDRESS, str(node.value))]
    if at_top:
        for node in names:
            yield place(node), messages.others_at_top(node.path, str(node.value), zone, zone)
    elif names and addresses:
        node = addresses[0]
        yield place(node), messages.mixed_targets(node.path, str(node.value), str(names[0].value))


def _targets(dns: Mapping) -> list[Value]:
    others = (other.entries.get("target") for _, other in reading.mappings(dns, "others"))
    return [node for node in others if isinstance(node, Value)]


def _aliased(target: str, zone: str) -> bool:
    return bool(re.fullmatch(rf"{_ADDRESS}|{_ALIAS}", target)) or _within(target, zone)


def _within(host: str, zone: str) -> bool:
    return host == zone or host.endswith(f".{zone}")
