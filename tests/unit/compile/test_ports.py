"""Fixed ports: the same for a name, different for all services of a stack."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack.compile.stand_ins import ports
from hashistack.model import BackingService, Stack
from tests.unit.plan.stacks import stack


def services(stack: Stack, *names: str) -> Stack:
    one = stack.backing_services[0]
    return replace(stack, backing_services=tuple(replace(one, name=name) for name in names))


def all_bases(stack: Stack) -> dict[str, int]:
    return {service.name: ports.base(stack, service) for service in stack.backing_services}


def test_a_service_keeps_its_ports_whatever_stands_beside_it() -> None:
    alone = all_bases(services(stack(), "cache"))
    assert alone["cache"] == all_bases(services(stack(), "archive", "cache", "queue"))["cache"]


def test_no_two_services_share_ports_however_many_there_are() -> None:
    names = [f"s{index}" for index in range(400)]
    found = all_bases(services(stack(), *names))
    assert len(set(found.values())) == len(names)
    assert all(ports.FIRST <= base <= ports.LAST - 19 and base % 20 == 0 for base in found.values())


def test_what_the_cloud_runs_takes_no_ports() -> None:
    here = services(stack(), "cache")
    other: BackingService = replace(here.backing_services[0], name="elsewhere")
    with pytest.raises(ValueError, match="elsewhere"):
        ports.base(here, other)
