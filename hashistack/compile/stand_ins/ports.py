"""Fixed ports of backing services: the members of a cluster find each other again at the same ones."""

from __future__ import annotations

from zlib import crc32

from hashistack.model import BackingService, Stack

FIRST = 10000
LAST = 19999
_BLOCK = 20
_BLOCKS = (LAST + 1 - FIRST) // _BLOCK


def base(stack: Stack, service: BackingService) -> int:
    """Return the first of the service's 20 ports, the one for clients; it stays while the service has its name.

    Within a stack no two services share ports. Those of another app may: Nomad then says that a port is taken.
    """
    taken: dict[int, str] = {}
    for name in sorted(each.name for each in stack.backing_services if each.managed is None):
        block = crc32(f"{stack.app}-{name}".encode()) % _BLOCKS
        while block in taken:
            block = (block + 1) % _BLOCKS
        taken[block] = name
        if name == service.name:
            return FIRST + _BLOCK * block
    raise ValueError(f"{service.name} is no backing service of {stack.app} that runs in the cluster")
