"""What a stack asks for that hashistack does not do yet, or that asks for care: said at every render."""

from __future__ import annotations

from hashistack.compile.stand_ins import stand_in_for
from hashistack.diagnostics import Diagnostic
from hashistack.messages import notices as say
from hashistack.model import Environment, Stack


def notices(stack: Stack) -> tuple[Diagnostic, ...]:
    """Return one notice for each thing that the rendered files of this environment leave out or leave to the user."""
    return (*_state(stack.environment), *_backing_services(stack), *_scaling(stack))


def _state(environment: Environment) -> tuple[Diagnostic, ...]:
    cloud = environment.cloud
    return (say.local_state(environment.name),) if cloud is not None and cloud.state is None else ()


def _backing_services(stack: Stack) -> tuple[Diagnostic, ...]:
    name = stack.environment.name
    missing = tuple(
        say.no_stand_in_yet(name, service.name, service.type, f"{stack.app}-{service.name}")
        for service in stack.backing_services
        if not service.managed and stand_in_for(service) is None
    )
    small = tuple(
        say.one_node_only(name, service.name, service.nodes)
        for service in stack.backing_services
        if stand_in_for(service) is not None and service.nodes > 1
    )
    passing = tuple(
        say.data_on_clients(name, service.name)
        for service in stack.backing_services
        if stack.environment.cloud is not None and stand_in_for(service) is not None
    )
    return (*missing, *small, *passing)


def _scaling(stack: Stack) -> tuple[Diagnostic, ...]:
    return tuple(
        say.no_autoscaling_yet(stack.environment.name, process.name)
        for process in stack.processes
        if process.scale.max > process.scale.min
    )
