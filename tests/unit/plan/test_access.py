"""Who may do what for backing services: each job no more than its own."""

from __future__ import annotations

import re
from dataclasses import replace

from hashistack.model import Stack
from hashistack.plan.access import nomad_policies
from hashistack.plan.access_stand_ins import member_roles, service_policies
from hashistack.plan.acl import ConsulPolicy, ConsulRole
from tests.unit.plan.stacks import stack


def paths(rules: str) -> list[str]:
    return re.findall(r'path "([^"]*)"', rules)


def with_service(**keys: object) -> Stack:
    plain = stack()
    return replace(plain, backing_services=(replace(plain.backing_services[0], **keys),))  # type: ignore[arg-type]


def test_members_write_below_their_own_key_only() -> None:
    policy, role = member_roles(stack())
    assert isinstance(policy, ConsulPolicy)
    assert isinstance(role, ConsulRole)
    assert re.findall(r'(\w+_prefix) "([^"]*)"', policy.rules) == [
        ("key_prefix", "hashistack/shop-cache/"),
        ("session_prefix", ""),
    ]
    assert (role.name, role.policies) == ("hashistack-shop-cache", (policy.name,))


def test_what_the_nodes_alone_know_is_not_for_the_app() -> None:
    for policy in nomad_policies(stack()):
        if policy.job in ("shop", "shop-release", "shop-nightly"):
            assert not {path for path in paths(policy.rules) if path.startswith("nomad/jobs/shop-cache/")} - {
                "nomad/jobs/shop-cache/address"
            }


def test_a_service_that_keeps_its_data_in_another_reads_its_login() -> None:
    (policy,) = service_policies(with_service(database="db"))
    assert policy.job == "shop-cache"
    assert paths(policy.rules) == ["nomad/jobs/shop-db", "nomad/jobs/shop-db/address"]


def test_a_service_of_its_own_needs_nothing_more() -> None:
    assert service_policies(stack()) == ()
