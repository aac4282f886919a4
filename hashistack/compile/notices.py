"""What a stack asks for that hashistack does not do yet: said at every render, never passed over."""

from __future__ import annotations

from hashistack.compile.stand_ins import stand_in_for
from hashistack.diagnostics import Diagnostic
from hashistack.messages import notices as say
from hashistack.model import Stack


def notices(stack: Stack) -> tuple[Diagnostic, ...]:
    """Return one notice for each thing that the rendered files of this environment leave out."""
    return (*_terraform(stack), *_backing_services(stack), *_scaling(stack))


def _terraform(stack: Stack) -> tuple[Diagnostic, ...]:
    environment = stack.environment
    return (say.no_terraform_yet(environment.name, "aws"),) if environment.target == "aws" else ()


def _backing_services(stack: Stack) -> tuple[Diagnostic, ...]:
    name = stack.environment.name
    managed = tuple(
        say.managed_not_created(name, s.name, s.type) for s in stack.backing_services if s.managed
    )
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
    return (*managed, *missing, *small)


def _scaling(stack: Stack) -> tuple[Diagnostic, ...]:
    return tuple(
        say.no_autoscaling_yet(stack.environment.name, process.name)
        for process in stack.processes
        if process.scale.max > process.scale.min
    )
