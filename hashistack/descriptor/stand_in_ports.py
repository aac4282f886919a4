"""Which ports backing services have: a block for each name, so that no two of an app share one."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

FIRST = 10000
LAST = 19999
SIZE = 20
BLOCKS = (LAST + 1 - FIRST) // SIZE
"""How many services of an app can run in the cluster."""


def blocks(app: str, services: Iterable[str]) -> dict[str, int]:
    """Return the first port of the block of each service that runs in the cluster, by name.

    A name gives a block. Where several names give the same one, the first in the alphabet has it and the others go to
    the next one that is free: so a service that comes, goes or is renamed can move another one. Names beyond `BLOCKS`
    get none.
    """
    taken: dict[int, str] = {}
    for name in sorted(services)[:BLOCKS]:
        block = crc32(f"{app}-{name}".encode()) % BLOCKS
        while block in taken:
            block = (block + 1) % BLOCKS
        taken[block] = name
    return {name: FIRST + SIZE * block for block, name in taken.items()}
