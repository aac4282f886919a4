"""Where an app answers once it runs: its routes as URLs."""

from __future__ import annotations

from hashistack.compile.aws.dns import within
from hashistack.model import Process, Route, Stack
from hashistack.plan.steps import Address

_DEFAULT_PORT = 80


def addresses(stack: Stack) -> tuple[Address, ...]:
    """Return the address of every route, public ones first; a host may have several paths."""
    found = [_address(stack, process, route) for process in stack.processes for route in process.routes]
    return tuple(sorted(found, key=lambda address: (address.internal, address.url)))


def _address(stack: Stack, process: Process, route: Route) -> Address:
    if stack.environment.target == "aws":  # load balancers stand before the ingress, at the ports of HTTP
        scheme = "https" if _certified(stack, process, route) else "http"
        return Address(process.name, f"{scheme}://{route.host}{route.path}", process.internal)
    ingress = stack.environment.ingress
    port = ingress.internal_port if process.internal else ingress.port
    suffix = "" if port == _DEFAULT_PORT else f":{port}"
    return Address(process.name, f"http://{route.host}{suffix}{route.path}", process.internal)


def _certified(stack: Stack, process: Process, route: Route) -> bool:
    """Whether a load balancer has a certificate for a route: names outside of the hosted zone get none."""
    cloud = stack.environment.cloud
    zone = cloud.dns.zone if cloud and cloud.dns else None
    return not process.internal or (zone is not None and within(route.host, zone))
