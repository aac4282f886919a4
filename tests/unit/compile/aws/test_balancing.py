from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack.compile.artifact import Artifact
from hashistack.compile.aws import balancing, network
from hashistack.compile.aws.balancing import BalancingView
from hashistack.compile.aws.network import NetworkView
from hashistack.model import Route, Stack
from tests.aws import matrix


def view(stack: Stack) -> BalancingView:
    found = balancing.artifacts(stack, "hashistack.yaml", "")[0].view
    assert isinstance(found, BalancingView)
    return found


def routed(*hosts: str, domain: str = "shop.example.com") -> Stack:
    stack = matrix.stack("smallest")
    process = replace(stack.processes[0], routes=tuple(Route(host, "/") for host in hosts))
    return replace(stack, processes=(process,), environment=replace(stack.environment, domain=domain))


def files(artifacts: tuple[Artifact, ...]) -> list[str]:
    return [artifact.path for artifact in artifacts]


def test_a_host_below_the_domain_needs_no_new_certificate() -> None:
    one, two = view(routed("shop.example.com")), view(routed("shop.example.com", "admin.shop.example.com"))
    assert one.certified == two.certified == ("shop.example.com", "*.shop.example.com")
    assert one.proven == ("shop.example.com",)


def test_a_host_that_the_wildcard_does_not_reach_is_named() -> None:
    found = view(routed("shop.example.com", "a.b.shop.example.com"))
    assert found.certified == ("shop.example.com", "*.shop.example.com", "a.b.shop.example.com")
    assert found.proven == ("shop.example.com", "a.b.shop.example.com")


def test_a_domain_outside_of_the_zone_is_in_no_certificate() -> None:
    """Nobody could prove there whose it is."""
    found = view(routed("shop.example.com", domain="shop.lan"))
    assert found.certified == ("shop.example.com", "*.shop.example.com")


def test_a_name_that_nobody_certifies_is_reached_without_tls_from_inside() -> None:
    found = view(matrix.stack("inside"))
    assert (found.certified, found.plain, found.internal_secure) == ((), True, False)


def test_an_internal_name_in_the_zone_is_certified() -> None:
    found = view(matrix.stack("everything"))
    assert (found.plain, found.internal_secure) == (False, True)
    assert "admin.inside.example.com" in found.certified


def test_a_service_has_a_name_for_its_ports() -> None:
    assert view(matrix.stack("everything")).services == ("meters.shop.example.com",)


@pytest.mark.parametrize(("case", "expected"), [
    ("worker", []),
    ("inside", ["/loadbalancers.tf", "/dns.tf"]),
    ("smallest", ["/loadbalancers.tf", "/dns.tf"]),
])  # fmt: skip
def test_an_app_that_nobody_calls_has_neither_load_balancers_nor_names(
    case: str, expected: list[str]
) -> None:
    assert files(balancing.artifacts(matrix.stack(case), "hashistack.yaml", "")) == expected


def test_only_load_balancers_reach_the_clients_and_only_by_ports_of_the_ingress() -> None:
    found = network.artifacts(matrix.stack("everything"), "hashistack.yaml", "")[0].view
    assert isinstance(found, NetworkView)
    assert found.external == {"requests": 80, "health": 8082}
    assert found.internal == {"requests": 8081, "health": 8082}
    assert found.tcp == {"1883": 1883, "8883": 8883, "health": 8082}
    assert found.gateways == ("s3",)
    assert found.interfaces == ("ssm", "ssmmessages", "ecr.api", "ecr.dkr", "logs")
