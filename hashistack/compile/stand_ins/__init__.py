"""What runs a backing service on one's own machines: a new engine is a folder in `jobs/` and a module here."""

from __future__ import annotations

from hashistack.compile.stand_ins import emqx, ferretdb, kafka, nats, postgres, rabbitmq, seaweedfs, valkey
from hashistack.compile.stand_ins.engine import Engine
from hashistack.model import BackingService

ENGINES: dict[str, Engine] = {
    "emqx": emqx.ENGINE,
    "ferretdb": ferretdb.ENGINE,
    "kafka": kafka.ENGINE,
    "nats": nats.ENGINE,
    "postgres": postgres.ENGINE,
    "rabbitmq": rabbitmq.ENGINE,
    "seaweedfs": seaweedfs.ENGINE,
    "valkey": valkey.ENGINE,
}


def engine_of(service: BackingService) -> Engine | None:
    """Return the engine that runs the service in the cluster; None when the cloud runs it."""
    return None if service.managed else ENGINES[service.engine]
