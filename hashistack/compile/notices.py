"""What a stack asks for that hashistack does not do yet, or that asks for care: said at every render."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.compile.stand_ins import engine_of
from hashistack.diagnostics import Diagnostic
from hashistack.messages import notices as say
from hashistack.model import BackingService, Environment, Stack


def notices(stack: Stack) -> tuple[Diagnostic, ...]:
    """Return one notice for each thing that the rendered files of this environment leave out or leave to the user."""
    return (*_state(stack.environment), *_backing_services(stack), *_scaling(stack))


def _state(environment: Environment) -> tuple[Diagnostic, ...]:
    cloud = environment.cloud
    return (say.local_state(environment.name),) if cloud is not None and cloud.state is None else ()


def _backing_services(stack: Stack) -> tuple[Diagnostic, ...]:
    name = stack.environment.name
    here = [service for service in stack.backing_services if not service.managed]
    shrunk = [service.name for service in here if service.nodes < service.asked]
    fewer = (say.one_machine(name, shrunk),) if shrunk else ()
    told = (notice for service in here for notice in _stand_in(stack, service))
    return (*fewer, *told, *_without_companions(stack))


def _without_companions(stack: Stack) -> Iterator[Diagnostic]:
    """Yield what is not made, because only a service in the cluster has such a job beside it."""
    for service in stack.backing_services:
        for key, wish in (("archive", service.archive), ("backup", service.backup)):
            if service.managed and wish is not None:
                yield say.not_beside_managed(stack.environment.name, service.name, key)


def _stand_in(stack: Stack, service: BackingService) -> Iterator[Diagnostic]:
    name = stack.environment.name
    engine = engine_of(service)
    if stack.environment.cloud is not None and engine is not None and engine.stateful:
        yield say.data_on_clients(name, service.name)
    clients = stack.environment.clients
    if clients is not None and engine is not None and service.nodes > clients.min:
        yield say.fewer_machines_at_first(name, service.name, service.nodes, clients.min)
    if service.type == "object-storage" and service.nodes > 1 and service.database is None:
        databases = [each.name for each in stack.backing_services if each.type == "postgres"]
        yield say.objects_without_database(name, service.name, service.nodes, databases)
    if service.engine == "emqx":
        yield say.emqx_is_frozen(name, service.name)
    if service.backup is not None and _kept_in(stack, service.backup.to) == service.name:
        yield say.backup_needs_itself(name, service.name, service.backup.to)


def _kept_in(stack: Stack, service: str) -> str | None:
    return next((each.database for each in stack.backing_services if each.name == service), None)


def _scaling(stack: Stack) -> tuple[Diagnostic, ...]:
    return tuple(
        say.no_autoscaling_yet(stack.environment.name, process.name)
        for process in stack.processes
        if process.scale.max > process.scale.min
    )
