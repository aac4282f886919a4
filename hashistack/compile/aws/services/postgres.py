"""PostgreSQL of Amazon RDS."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.aws.services import sizes, versions
from hashistack.compile.aws.services.database import database
from hashistack.compile.aws.services.named import Named, how, in_aws, named
from hashistack.model import BackingService, Managed, Stack
from hashistack.render.hcl import Hcl

_GROWTH = 5  # the disk grows by itself up to so many times its size
_LARGEST = 65_536  # GiB: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html


@dataclass(frozen=True, slots=True)
class PostgresView:
    """What `service-postgres.tf.j2` shows; sizes in GiB. `pinned`: the descriptor names a minor version."""

    named: Named
    version: str
    pinned: bool
    family: str
    parameters: Hcl
    monitoring: Hcl
    managed: Managed
    storage: int
    largest: int
    database: str


def view(stack: Stack, service: BackingService) -> PostgresView:
    """Return the view of a managed PostgreSQL."""
    version, storage = versions.engine_version(service), sizes.gigabytes(service)
    major = version.partition(".")[0]
    return PostgresView(
        named=named(stack, service),
        version=version,
        pinned="." in version,
        family=f"postgres{major}",
        parameters=in_aws(service.name, f"-{major}"),
        monitoring=in_aws(service.name, "-monitoring"),
        managed=how(service),
        storage=storage,
        largest=min(storage * _GROWTH, _LARGEST),
        database=database(stack.app),
    )
