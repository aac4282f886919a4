"""What can be wrong with processes: keys that exclude or need each other, scales, routes, PORT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from hashistack.descriptor import reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Broken, Finding, Mapping, Value, place
from hashistack.descriptor.routes import routes
from hashistack.descriptor.suggest import closest
from hashistack.messages import descriptor_meaning as messages
from hashistack.messages.descriptor_services import absence
from hashistack.model import Route

_LONG_RUNNING = ("port", "health", "routes", "internal", "scale")


def processes(merged: Merged) -> Iterator[Finding]:
    """Yield what is wrong with the processes of one environment."""
    for name, process in reading.mappings(merged.app, "processes"):
        yield from _schedule(process)
        yield from _needs(process)
        yield from _health(reading.mapping(process, "health"))
        yield from _scale(merged, process)
        yield from _port_variable(merged.app, name, process)
    yield from _routes(merged)


def _schedule(process: Mapping) -> Iterator[Finding]:
    if "schedule" not in process.entries:
        if zone := process.entries.get("timezone"):
            yield zone.key, messages.only_scheduled(zone.path)
        return
    for key in _LONG_RUNNING:
        node = process.entries.get(key)
        if node is not None and not isinstance(node, Broken):
            yield node.key, messages.not_scheduled(node.path, key)
    schedule = process.entries["schedule"]
    if isinstance(schedule, Value):
        from hashistack.descriptor import cron  # most descriptors have no schedule

        if why := cron.impossible(str(schedule.value)):
            yield place(schedule), messages.never_runs(schedule.path, str(schedule.value), why)


def _needs(process: Mapping) -> Iterator[Finding]:
    entries = process.entries
    if "schedule" in entries:
        return
    if "port" not in entries:
        for key in ("health", "routes"):
            node = entries.get(key)
            if node is not None and not isinstance(node, Broken):
                yield node.key, messages.needs_port(node.path, key)
    if "routes" not in entries:
        for holder, key in ((process, "internal"), (reading.mapping(process, "scale"), "requests")):
            node = holder.entries.get(key)
            if isinstance(node, Value) and node.value is not False:
                yield node.key, messages.needs_routes(node.path, key)


def _health(health: Mapping) -> Iterator[Finding]:
    interval, timeout = health.entries.get("interval"), health.entries.get("timeout")
    if not isinstance(timeout, Value):
        return
    seconds = cast(int, interval.value) if isinstance(interval, Value) else 10
    if cast(int, timeout.value) > seconds:
        yield place(timeout), messages.timeout_above_interval(timeout.path, cast(int, timeout.value), seconds)


def _scale(merged: Merged, process: Mapping) -> Iterator[Finding]:
    scale = reading.mapping(process, "scale")
    yield from range_of(scale, 1)
    high = scale.entries.get("max")
    rules = ("cpu", "requests", "lag")
    if isinstance(high, Value) and not any(rule in scale.entries for rule in rules):
        low = reading.number(scale, "min")
        if not reading.broken(scale, "min") and cast(int, high.value) > (1 if low is None else low):
            yield place(high), messages.max_without_rule(high.path, cast(int, high.value))
    yield from _lag(merged, reading.mapping(scale, "lag"))


def range_of(node: Mapping, default: int) -> Iterator[Finding]:
    """Yield a finding if `min`, or its default, is above `max`; it points at the one that is written."""
    low, high = node.entries.get("min"), reading.number(node, "max")
    if high is None or reading.broken(node, "min"):
        return
    least = cast(int, low.value) if isinstance(low, Value) else default
    if least > high:
        shown = low if isinstance(low, Value) else node.entries["max"]
        yield place(shown), messages.min_above_max(shown.path, least, high)


def _lag(merged: Merged, lag: Mapping) -> Iterator[Finding]:
    app = merged.app
    node, services = lag.entries.get("service"), reading.mapping(app, "backing_services")
    if not isinstance(node, Value) or reading.broken(app, "backing_services"):
        return
    kafkas = [
        name for name in services.entries if reading.text(reading.mapping(services, name), "type") == "kafka"
    ]
    name = str(node.value)
    if name not in services.entries:
        problem = absence(name in merged.absent, merged.name)
        yield place(node), messages.lag_service(node.path, name, problem, kafkas)
    elif name in kafkas:
        yield from _topic(lag, name, reading.mapping(services, name))
    elif kind := reading.text(reading.mapping(services, name), "type"):
        yield (
            place(node),
            messages.lag_service(node.path, name, f"a service of type {kind}, not kafka", kafkas),
        )


def _topic(lag: Mapping, name: str, service: Mapping) -> Iterator[Finding]:
    topic = lag.entries.get("topic")
    if not isinstance(topic, Value) or reading.broken(service, "topics"):
        return
    topics = reading.mapping(service, "topics").entries
    if topic.value not in topics:
        meant = closest(str(topic.value), topics)
        yield place(topic), messages.unknown_topic(topic.path, str(topic.value), name, meant)


def _port_variable(app: Mapping, name: str, process: Mapping) -> Iterator[Finding]:
    variable, port = reading.mapping(app, "env").entries.get("PORT"), reading.number(process, "port")
    if port is None or not isinstance(variable, Value) or variable.value == (str(port),):
        return
    written = "".join(
        part if isinstance(part, str) else "a reference"
        for part in cast("tuple[object, ...]", variable.value)
    )
    yield place(variable), messages.port_variable(variable.path, written, name, port)


def _routes(merged: Merged) -> Iterator[Finding]:
    taken: dict[Route, tuple[str, bool]] = {}
    for name, process in reading.mappings(merged.app, "processes"):
        for item, route in zip(reading.items(process, "routes"), routes(merged, name, process), strict=True):
            shown = (route.host + route.path).rstrip("/") or "/"
            if not route.host:
                if not reading.broken(merged.own, "domain") and merged.target:
                    yield place(item), messages.needs_domain(item.path, shown, merged.name)
            elif route in taken:
                other, moved = taken[route]
                where = merged.name if moved or route != item.value else ""
                yield place(item), messages.duplicate_route(item.path, shown, other, where)
            else:
                taken[route] = (item.path, route != item.value)
