"""Valkey of Amazon ElastiCache."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.aws.services import sizes, versions
from hashistack.compile.aws.services.named import Named, how, in_aws, named
from hashistack.model import BackingService, Managed, Stack
from hashistack.render.hcl import Hcl

_LONGEST = 40  # docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html


@dataclass(frozen=True, slots=True)
class RedisView:
    """What `service-redis.tf.j2` shows."""

    named: Named
    version: str
    family: str
    parameters: Hcl
    managed: Managed
    nodes: int


def view(stack: Stack, service: BackingService) -> RedisView:
    """Return the view of a managed Valkey."""
    version = versions.engine_version(service)
    major = version.partition(".")[0]
    return RedisView(
        named=named(stack, service, longest=_LONGEST),
        version=version,
        family=f"valkey{major}",
        parameters=in_aws(service.name, f"-{major}", longest=_LONGEST),
        managed=how(service),
        nodes=sizes.instances(service),
    )
