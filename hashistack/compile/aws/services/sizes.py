"""How many machines a managed service has and how much disk: what is made, and what it costs, follow from it."""

from __future__ import annotations

from hashistack.model import BackingService, Stack

_MIB = 1024
_SMALLEST_GP3 = 20  # GiB; docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
_MOST_REPLICAS = 3


def gigabytes(service: BackingService) -> int:
    """Return the disk of one machine in GiB, rounded up to what AWS sells."""
    size = -(-service.storage // _MIB)
    return max(size, _SMALLEST_GP3) if service.type == "postgres" else size


def instances(service: BackingService) -> int:
    """Return the number of machines of a database or a cache: one more where a second zone is to take over."""
    in_zones = 2 if service.managed and service.managed.zones else 1
    return in_zones if service.type == "postgres" else max(service.nodes, in_zones)


def brokers(stack: Stack, service: BackingService) -> int:
    """Return the number of Kafka's brokers: MSK wants the same number in each zone."""
    zones = len(stack.environment.zones)
    return -(-service.nodes // zones) * zones


def copies(stack: Stack, service: BackingService) -> int:
    """Return on how many brokers a partition of Kafka lies."""
    return min(_MOST_REPLICAS, brokers(stack, service))
