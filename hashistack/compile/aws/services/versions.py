"""How AWS writes the version of a service."""

from __future__ import annotations

from hashistack.descriptor.managed_versions import DEFAULTS, VERSIONS, series
from hashistack.model import BackingService


def engine_version(service: BackingService) -> str:
    """Return the version as AWS writes it; one that is not known as the descriptor has it, for AWS to judge."""
    version = service.version or DEFAULTS[service.type]
    if service.type == "postgres":
        return version
    return VERSIONS[service.type].get(series(service.type, version), version)
