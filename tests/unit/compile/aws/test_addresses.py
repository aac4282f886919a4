from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from hashistack.compile.aws.addresses import Subnets, subnets


def test_a_large_network_has_readable_subnets() -> None:
    assert subnets("10.20.0.0/16", ("eu-west-1a", "eu-west-1b")) == (
        Subnets("eu-west-1a", "10.20.0.0/24", "10.20.16.0/20"),
        Subnets("eu-west-1b", "10.20.1.0/24", "10.20.32.0/20"),
    )


@pytest.mark.parametrize("size", range(16, 24))
def test_subnets_lie_in_the_network_beside_each_other(size: int) -> None:
    network = IPv4Network(("172.16.0.0", size))
    found = subnets(str(network), ("a", "b", "c"))
    blocks = [IPv4Network(block) for zone in found for block in (zone.public, zone.private)]
    assert all(block.subnet_of(network) for block in blocks)
    assert not any(one.overlaps(other) for one, other in combinations(blocks, 2))
    # A load balancer wants 27 bits at least, and the machines more room than it.
    assert all(IPv4Network(zone.public).prefixlen <= 27 for zone in found)
    assert all(IPv4Network(zone.private).prefixlen < IPv4Network(zone.public).prefixlen for zone in found)


@pytest.mark.parametrize("size", [16, 20, 23])
def test_one_more_zone_moves_no_other(size: int) -> None:
    cidr = f"10.0.0.0/{size}"
    assert set(subnets(cidr, ("a", "c"))) < set(subnets(cidr, ("a", "b", "c")))


def test_zones_far_apart_fit_into_a_small_network() -> None:
    found = subnets("10.0.0.0/20", ("us-east-1d", "us-east-1f"))
    assert [zone.private for zone in found] == ["10.0.4.0/22", "10.0.8.0/22"]


def test_the_smallest_network_has_room_for_two_zones_only() -> None:
    assert len(subnets("10.0.0.0/24", ("a", "b"))) == 2
    with pytest.raises(ValueError, match="too small for 3 zones"):
        subnets("10.0.0.0/24", ("a", "b", "c"))
