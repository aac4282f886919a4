"""What a month of a stack on AWS costs, about: list prices of what runs all the time, with few clients and many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hashistack.compile import prices
from hashistack.compile.aws.entrances import balancers
from hashistack.compile.aws.services import sizes
from hashistack.model import BackingService, Clients, Stack

NOT_COUNTED = (
    "traffic (through load balancers, NAT, between zones, to the internet)",
    "requests, messages and objects",
    "logs, alarms and snapshots",
    "taxes and discounts",
)
GATEWAYS = ("s3", "dynamodb")
"""The endpoints that cost nothing."""
_PERCENT = 100
_MIB_PER_GIB = 1024
_SERVER_DISK = 20  # GiB
_BASTION = ("t4g.nano", 8)  # GiB


@dataclass(frozen=True, slots=True)
class Line:
    """One item and what a month of it costs in US dollars, from `low` to `high`."""

    what: str
    detail: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The items, the month and region of their prices, and what has no price in the table."""

    lines: tuple[Line, ...]
    as_of: str
    region: str
    unknown: tuple[str, ...]

    @property
    def low(self) -> float:
        """Return the month with as few machines as may be."""
        return round(sum(line.low for line in self.lines), 2)

    @property
    def high(self) -> float:
        """Return the month with as many machines as there may be, all the time."""
        return round(sum(line.high for line in self.lines), 2)


def estimate(stack: Stack) -> Estimate | None:
    """Return what a month costs; None if the stack does not run in a cloud."""
    region = stack.environment.region
    if stack.environment.cloud is None or region is None:
        return None
    unknown: list[str] = []
    times = prices.factor(region)
    lines = tuple(
        Line(line.what, line.detail, round(line.low * times, 2), round(line.high * times, 2))
        for line in (*_machines(stack, unknown), *_network(stack), *_services(stack, unknown), *_rest(stack))
    )
    return Estimate(lines, prices.AS_OF, region, tuple(unknown))


def _machines(stack: Stack, unknown: list[str]) -> Iterator[Line]:
    servers, clients = stack.environment.servers, stack.environment.clients
    if servers:
        month = servers.count * (_month(servers.type, unknown) + _SERVER_DISK * prices.VOLUME)
        yield Line("servers", f"{servers.count} x {servers.type}", month, month)
    if clients:
        costs = [_month(kind, unknown) for kind in clients.types] or [0.0]
        share = f", {clients.spot}% spot" if clients.spot else ""
        yield Line(
            "clients",
            f"{clients.min} to {clients.max} x {', '.join(clients.types)}{share}",
            _clients(clients, clients.min, min(costs)),
            _clients(clients, clients.max, max(costs)),
        )
    if stack.environment.cloud and stack.environment.cloud.bastion:
        yield _bastion(unknown)


def _bastion(unknown: list[str]) -> Line:
    kind, disk = _BASTION
    month = _month(kind, unknown) + disk * prices.VOLUME + prices.ADDRESS * prices.HOURS
    return Line("bastion", kind, month, month)


def _clients(clients: Clients, count: int, month: float) -> float:
    """Return what `count` machines cost; of those above `on_demand`, `spot` percent are spot instances."""
    spot = max(count - clients.on_demand, 0) * clients.spot / _PERCENT
    disks = count * clients.disk / _MIB_PER_GIB * prices.VOLUME
    return (count - spot + spot * prices.SPOT) * month + disks


def _month(kind: str, unknown: list[str], type_: str = "") -> float:
    found = prices.hour(kind, type_)
    if found is None and kind not in unknown:
        unknown.append(kind)
    return (found or 0.0) * prices.HOURS


def _network(stack: Stack) -> Iterator[Line]:
    environment = stack.environment
    zones = len(environment.zones)
    if environment.cloud is None:
        return
    gateways = zones if environment.cloud.network.nat == "zone" else 1
    nat = gateways * (prices.NAT + prices.ADDRESS) * prices.HOURS
    yield Line("NAT", f"{gateways} with a fixed address", nat, nat)
    if names := balancers(stack):
        addresses = zones * sum(name != "internal" for name in names)
        month = (len(names) * prices.BALANCER + addresses * prices.ADDRESS) * prices.HOURS
        yield Line("load balancers", ", ".join(names), month, month)
    endpoints = [each for each in environment.cloud.network.endpoints if each not in GATEWAYS]
    if endpoints:
        month = len(endpoints) * zones * prices.ENDPOINT * prices.HOURS
        yield Line("endpoints", f"{', '.join(endpoints)} in {zones} zones", month, month)


def _services(stack: Stack, unknown: list[str]) -> Iterator[Line]:
    for service in stack.backing_services:
        if service.managed is None:
            continue
        kind = service.managed.instance
        if kind is None:
            yield Line(service.name, f"{service.type}, by use", 0.0, 0.0)
            continue
        count = _nodes(stack, service)
        disk = prices.STORAGE.get(service.type, 0.0) * sizes.gigabytes(service) * count
        month = count * _month(kind, unknown, service.type) + disk
        yield Line(service.name, f"{service.type}, {count} x {kind}", month, month)


def _nodes(stack: Stack, service: BackingService) -> int:
    return sizes.brokers(stack, service) if service.type == "kafka" else sizes.instances(service)


def _rest(stack: Stack) -> Iterator[Line]:
    dns = stack.environment.cloud.dns if stack.environment.cloud else None
    zone = prices.HOSTED_ZONE if dns and dns.create else 0.0
    yield Line(
        "keys and names",
        "encryption key" + (", hosted zone" if zone else ""),
        prices.KEY + zone,
        prices.KEY + zone,
    )
