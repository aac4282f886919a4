"""Amazon DocumentDB, for `mongodb`."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.aws.services import sizes, versions
from hashistack.compile.aws.services.database import database
from hashistack.compile.aws.services.named import Named, how, in_aws, named
from hashistack.model import BackingService, Managed, Stack
from hashistack.render.hcl import Hcl


@dataclass(frozen=True, slots=True)
class MongodbView:
    """What `service-mongodb.tf.j2` shows; `backups` in days, of which DocumentDB wants one at least."""

    named: Named
    version: str
    family: str
    parameters: Hcl
    managed: Managed
    instances: tuple[str, ...]
    backups: int
    database: str


def view(stack: Stack, service: BackingService) -> MongodbView:
    """Return the view of a managed DocumentDB."""
    version = versions.engine_version(service)
    family = ".".join(version.split(".")[:2])
    return MongodbView(
        named=named(stack, service, longest=60),  # the machines have a number behind it
        version=version,
        family=f"docdb{family}",
        parameters=in_aws(service.name, f"-{family.replace('.', '-')}"),
        managed=how(service),
        instances=tuple(str(number) for number in range(1, sizes.instances(service) + 1)),
        backups=max(1, how(service).backups),
        database=database(stack.app),
    )
