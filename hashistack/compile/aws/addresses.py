"""The subnets of a VPC, as literal addresses: an AWS load balancer and its machines, per zone."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

# The sizes where there is plenty of room, and the least that a load balancer accepts
# (docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html: /27 and 8 addresses).
_PRIVATE, _PUBLIC, _LEAST = 20, 24, 27


@dataclass(frozen=True, slots=True)
class Subnets:
    """The two subnets of one zone, as CIDR blocks."""

    zone: str
    public: str
    private: str


def subnets(cidr: str, zones: tuple[str, ...]) -> tuple[Subnets, ...]:
    """Return the subnets of each zone; a network that is too small for them raises ValueError.

    The first block of the size of a private subnet holds the public ones.
    """
    network = IPv4Network(cidr)
    private = max(_PRIVATE, network.prefixlen + 2)
    public = min(max(_PUBLIC, network.prefixlen + 4), _LEAST)
    first, *blocks = network.subnets(new_prefix=private)
    small = list(first.subnets(new_prefix=public))
    room = min(len(small), len(blocks))
    if len(zones) > room:
        raise ValueError(f"{cidr} is too small for {len(zones)} zones")
    return tuple(
        Subnets(zone, str(small[place]), str(blocks[place]))
        for zone, place in zip(zones, _places(zones, room), strict=True)
    )


def _places(zones: tuple[str, ...], room: int) -> list[int]:
    """Return the place of each zone: by its letter, so that one more moves no other; in order where they do not fit."""
    letters = [ord(zone[-1]) - ord("a") for zone in zones]
    return letters if max(letters) < room else list(range(len(zones)))
