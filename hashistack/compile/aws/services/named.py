"""What all managed services have in common: how they are called in the descriptor, in Terraform and in AWS."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from hashistack.model import BackingService, Managed, Stack
from hashistack.render.hcl import Hcl, interpolated

PREFIX = Hcl("local.prefix")
LONGEST_PREFIX = 22
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Named:
    """A managed service: `name` in the descriptor and in Terraform, the keys that made it, and its name in AWS.

    `logs` are days of keeping, `protected` tells whether it refuses to be deleted.
    """

    name: str
    key: str
    managed_key: str
    aws: Hcl
    logs: int
    protected: bool


def named(stack: Stack, service: BackingService, longest: int = 63) -> Named:
    """Return the names of a service; `longest` is how many characters AWS allows."""
    environment, cloud = stack.environment, stack.environment.cloud
    return Named(
        name=service.name,
        key=f"backing_services.{service.name}",
        managed_key=f"environments.{environment.name}.managed.{service.name}",
        aws=in_aws(service.name, longest=longest),
        logs=cloud.logs if cloud else 0,
        protected=cloud is not None and cloud.deletion_protection,
    )


def how(service: BackingService) -> Managed:
    """Return how AWS runs a service; one that it does not run is a bug and raises ValueError."""
    if service.managed is None:
        raise ValueError(f"{service.name} is not managed")
    return service.managed


def in_aws(name: str, end: str = "", longest: int = 63) -> Hcl:
    """Return `<prefix>-<name><end>` as an expression of at most `longest` characters; `name` is cut to fit."""
    return interpolated(PREFIX, f"-{fitted(name, longest - LONGEST_PREFIX - 1 - len(end))}{end}")


def fitted(name: str, longest: int) -> str:
    """Return a name without two hyphens in a row, which RDS refuses, and with a digest in place of what is cut off."""
    short = re.sub("-+", "-", name)
    if short == name and len(short) <= longest:
        return short
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{short[: longest - _DIGITS - 1].rstrip('-')}-{digest}"
