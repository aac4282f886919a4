"""Fixed ports: those of a name unless another has them, different for all services of a stack."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack.compile.stand_ins import ports
from hashistack.descriptor.stand_in_ports import FIRST, LAST, blocks
from hashistack.model import BackingService, Stack
from tests.unit.plan.stacks import stack


def services(stack: Stack, *names: str) -> Stack:
    one = stack.backing_services[0]
    return replace(stack, backing_services=tuple(replace(one, name=name) for name in names))


def all_bases(stack: Stack) -> dict[str, int]:
    return {service.name: ports.base(stack, service) for service in stack.backing_services}


def test_a_service_has_the_ports_of_its_name_unless_an_earlier_one_has_them() -> None:
    assert blocks("crm", ["kafka"]) == {"kafka": 14580}
    assert blocks("crm", ["kafka", "cache"]) == {"cache": 14580, "kafka": 14600}
    assert blocks("crm", ["queue", "kafka"])["kafka"] == 14580


def test_most_services_beside_it_move_nothing() -> None:
    alone = all_bases(services(stack(), "cache"))
    assert alone["cache"] == all_bases(services(stack(), "archive", "cache", "queue"))["cache"]


def test_no_two_services_share_ports_however_many_there_are() -> None:
    names = [f"s{index}" for index in range(400)]
    found = all_bases(services(stack(), *names))
    assert len(set(found.values())) == len(names)
    assert all(FIRST <= base <= LAST - 19 and base % 20 == 0 for base in found.values())


def test_what_the_cloud_runs_takes_no_ports() -> None:
    here = services(stack(), "cache")
    other: BackingService = replace(here.backing_services[0], name="elsewhere")
    with pytest.raises(ValueError, match="elsewhere"):
        ports.base(here, other)
