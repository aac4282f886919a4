"""AWS: the Terraform of an environment, from an empty account to load balancers that answer."""

from __future__ import annotations

from hashistack.compile.artifact import Artifact, Copy
from hashistack.compile.aws import access, balancing, compute, network, root, services, storage, watch
from hashistack.model import Stack

SCRIPT = "bootstrap.sh"
_CONCERNS = (root, network, storage, balancing, compute, access, watch, services)


def terraform(stack: Stack, source: str) -> tuple[Artifact | Copy, ...]:
    """Return the root module of an environment on AWS; other targets have none here."""
    environment = stack.environment
    if environment.cloud is None:
        return ()
    folder = f"{environment.name}/terraform"
    artifacts = (file for concern in _CONCERNS for file in concern.artifacts(stack, source, folder))
    return (*artifacts, Copy(f"{folder}/{SCRIPT}", SCRIPT))
