"""Make the model from checked and merged nodes: defaults filled, mappings sorted by name, hosts moved."""

from __future__ import annotations

from typing import cast

from hashistack import model
from hashistack.descriptor import reading
from hashistack.descriptor.build_environment import environment
from hashistack.descriptor.build_services import services
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Mapping
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.routes import routes
from hashistack.descriptor.schema import HEALTH, LAG, PROCESS, REGISTRY, SCALE


def build(stacks: tuple[Merged, ...], file: str) -> model.Application:
    """Return the application; the nodes must be without mistakes."""
    return model.Application(
        name=reading.text(stacks[0].app, "app"),
        file=file.rpartition("/")[2],
        stacks=tuple(_stack(merged) for merged in stacks),
    )


def _stack(merged: Merged) -> model.Stack:
    app = merged.app
    processes = sorted(reading.mappings(app, "processes"))
    return model.Stack(
        app=reading.text(app, "app"),
        image=cast(model.Image, reading.value(app, "image")),
        registry=_registry(app),
        env=_variables(reading.mapping(app, "env")),
        secrets=tuple(sorted(cast(str, item.value) for item in reading.items(app, "secrets"))),
        release=reading.text(app, "release") or None,
        processes=tuple(
            _process(merged, name, node) for name, node in processes if "schedule" not in node.entries
        ),
        scheduled=tuple(_scheduled(name, node) for name, node in processes if "schedule" in node.entries),
        backing_services=services(merged),
        environment=environment(merged),
    )


def _registry(app: Mapping) -> model.Registry | None:
    if "registry" not in app.entries:
        return None
    registry = Filled(reading.mapping(app, "registry"), REGISTRY)
    return model.Registry(registry.text("username"), registry.text("password"))


def _variables(env: Mapping) -> tuple[model.Variable, ...]:
    return tuple(
        model.Variable(name, cast("tuple[str | model.Reference, ...]", reading.value(env, name)))
        for name in sorted(env.entries)
    )


def _process(merged: Merged, name: str, node: Mapping) -> model.Process:
    process = Filled(node, PROCESS)
    return model.Process(
        name=name,
        command=process.text("command"),
        cpu=process.number("cpu"),
        memory=process.number("memory"),
        port=process.optional_number("port"),
        health=_health(node),
        routes=routes(merged, name, node),
        internal=process.flag("internal"),
        scale=_scale(reading.mapping(node, "scale")),
    )


def _health(node: Mapping) -> model.Health | None:
    if "health" not in node.entries:
        return None
    health = Filled(reading.mapping(node, "health"), HEALTH)
    return model.Health(
        health.text("path"), health.number("interval"), health.number("timeout"), health.number("grace")
    )


def _scale(node: Mapping) -> model.Scale:
    scale = Filled(node, SCALE)
    low = scale.number("min")
    return model.Scale(
        min=low,
        max=low if (high := scale.optional_number("max")) is None else high,
        cpu=scale.optional_number("cpu"),
        requests=scale.optional_number("requests"),
        lag=_lag(node),
    )


def _lag(node: Mapping) -> model.Lag | None:
    if "lag" not in node.entries:
        return None
    lag = Filled(reading.mapping(node, "lag"), LAG)
    return model.Lag(lag.text("service"), lag.text("topic"), lag.text("group"), lag.number("target"))


def _scheduled(name: str, node: Mapping) -> model.ScheduledProcess:
    process = Filled(node, PROCESS)
    return model.ScheduledProcess(
        name=name,
        command=process.text("command"),
        cpu=process.number("cpu"),
        memory=process.number("memory"),
        schedule=process.text("schedule"),
        timezone=process.text("timezone"),
    )
