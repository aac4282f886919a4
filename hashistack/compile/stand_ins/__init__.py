"""What runs a backing service on one's own machines: a new engine is a folder in `jobs/` and a module here."""

from __future__ import annotations

from collections.abc import Callable

from hashistack.compile.artifact import Artifact
from hashistack.compile.stand_ins import valkey
from hashistack.model import BackingService, Stack

StandIn = Callable[[Stack, BackingService, str], Artifact]

STAND_INS: dict[str, StandIn] = {"valkey": valkey.stand_in}


def stand_in_for(service: BackingService) -> StandIn | None:
    """Return what compiles the service's own job; None when the cloud runs it or no stand-in is written yet."""
    return None if service.managed else STAND_INS.get(service.engine)
