"""Which load balancers an app needs, by its routes and by the TCP ports of its backing services."""

from __future__ import annotations

from hashistack.compile import ingress
from hashistack.model import BackingService, Stack


def public_hosts(stack: Stack) -> tuple[str, ...]:
    """Return the hosts that are reached from the internet, sorted; with any there is `aws_lb.external`."""
    return _hosts(stack, internal=False)


def internal_hosts(stack: Stack) -> tuple[str, ...]:
    """Return the hosts that are reached from inside the VPC only, sorted; with any there is `aws_lb.internal`."""
    return _hosts(stack, internal=True)


def public_ports(stack: Stack) -> tuple[int, ...]:
    """Return the TCP ports that are open to the internet beside 80 and 443; with any there is `aws_lb.tcp`."""
    return ingress.public_ports(stack)


def public_services(stack: Stack) -> tuple[BackingService, ...]:
    """Return the services in the cluster that have such a port; one that AWS runs has an address of its own."""
    return tuple(service for service in stack.backing_services if service.public and service.managed is None)


def balancers(stack: Stack) -> tuple[str, ...]:
    """Return the names of the load balancers that there are, as in `aws_lb.<name>`."""
    there = {
        "external": public_hosts(stack),
        "internal": internal_hosts(stack),
        "tcp": public_ports(stack),
    }
    return tuple(name for name, reasons in there.items() if reasons)


def _hosts(stack: Stack, *, internal: bool) -> tuple[str, ...]:
    routes = (
        route for process in stack.processes if process.internal == internal for route in process.routes
    )
    return tuple(sorted({route.host for route in routes}))
