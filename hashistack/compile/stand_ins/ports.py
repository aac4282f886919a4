"""Fixed ports of backing services: the members of a cluster find each other again at the same ones."""

from __future__ import annotations

from hashistack.descriptor.stand_in_ports import blocks
from hashistack.model import BackingService, Stack


def base(stack: Stack, service: BackingService) -> int:
    """Return the first of the service's ports, the one for clients.

    Within a stack no two services share ports, those of another app may. A service that is new, gone or renamed can
    move those of another one: `plan.stand_in_ports` refuses both before anything is changed.
    """
    found = blocks(stack.app, (each.name for each in stack.backing_services if each.managed is None))
    if service.name not in found:
        raise ValueError(f"{service.name} is no backing service of {stack.app} that runs in the cluster")
    return found[service.name]
