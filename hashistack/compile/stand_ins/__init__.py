"""What runs a backing service on one's own machines: a new engine is a folder in `jobs/` and a module here."""

from __future__ import annotations

from hashistack.compile.stand_ins import emqx, ferretdb, kafka, nats, postgres, rabbitmq, seaweedfs, valkey
from hashistack.compile.stand_ins.engine import Engine
from hashistack.model import BackingService

_FOUND: dict[str, Engine | None] = {
    "emqx": emqx.ENGINE,
    "ferretdb": ferretdb.ENGINE,
    "kafka": kafka.ENGINE,
    "nats": nats.ENGINE,
    "postgres": postgres.ENGINE,
    "rabbitmq": rabbitmq.ENGINE,
    "seaweedfs": seaweedfs.ENGINE,
    "valkey": valkey.ENGINE,
}
ENGINES: dict[str, Engine] = {name: engine for name, engine in _FOUND.items() if engine is not None}


def engine_of(service: BackingService) -> Engine | None:
    """Return the engine that runs the service in the cluster; None when the cloud runs it or no engine is there yet."""
    return None if service.managed else ENGINES.get(service.engine)
