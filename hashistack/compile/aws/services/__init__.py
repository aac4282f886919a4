"""The backing services that AWS runs: one file of Terraform for each, and what the other files must know of them.

Adding a type is a module here and a template `terraform/aws/service-<type>.tf.j2`.
"""

from __future__ import annotations

from collections.abc import Callable

from hashistack.compile.artifact import Artifact
from hashistack.compile.aws.services import kafka, mongodb, mqtt, object_storage, postgres, redis
from hashistack.model import BackingService, ServiceType, Stack
from hashistack.render.hcl import Hcl, identifier

_VIEWS: dict[ServiceType, Callable[[Stack, BackingService], object]] = {
    "postgres": postgres.view,
    "redis": redis.view,
    "kafka": kafka.view,
    "object-storage": object_storage.view,
    "mongodb": mongodb.view,
    "mqtt": mqtt.view,
}
_WITH_PASSWORD = ("postgres", "mongodb")
_IN_THE_NETWORK = ("postgres", "redis", "kafka", "mongodb")
_WITH_SNAPSHOT = ("postgres", "redis", "mongodb")


def artifacts(stack: Stack, source: str, folder: str) -> tuple[Artifact, ...]:
    """Return a file for each managed service."""
    return tuple(
        Artifact(
            f"{folder}/service-{service.name}.tf",
            f"aws/service-{service.type}.tf.j2",
            _VIEWS[service.type](stack, service),
            source,
        )
        for service in managed(stack)
    )


def managed(stack: Stack) -> tuple[BackingService, ...]:
    """Return the backing services that AWS runs, by name."""
    found = (service for service in stack.backing_services if service.managed)
    return tuple(sorted(found, key=lambda service: service.name))


def outputs(stack: Stack) -> tuple[tuple[str, Hcl], ...]:
    """Return the name of each managed service and the local value that describes it."""
    return tuple((each.name, Hcl(f"local.{identifier(f'service_{each.name}')}")) for each in managed(stack))


def passwords(stack: Stack) -> tuple[str, ...]:
    """Return the names of the services whose password Terraform is handed."""
    return tuple(service.name for service in managed(stack) if service.type in _WITH_PASSWORD)


def in_data_group(stack: Stack) -> bool:
    """Tell whether a service stands in the network, and so needs a security group."""
    return any(service.type in _IN_THE_NETWORK for service in managed(stack))


def last_snapshots(stack: Stack) -> bool:
    """Tell whether a service can leave a last snapshot when it is destroyed."""
    return any(service.type in _WITH_SNAPSHOT for service in managed(stack))
