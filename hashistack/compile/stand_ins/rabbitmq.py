"""RabbitMQ for `mqtt`: quorum queues keep what a client asked to keep."""

from __future__ import annotations

from functools import partial

from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.mqtt import Broker, artifacts

_FILES = ("start.sh", "env.sh", "ready.sh", "report.sh", "enabled_plugins")
_BROKER = Broker(
    name="rabbitmq",
    image="rabbitmq:4.0.9@sha256:48f6b67557b4c6b4e72e9a41dde851283b93286acc218c93274e03789bad4a4a",
    uid=999,
    cpu=500,
    memory=512,
    ports=("client", "dist", "epmd", "metrics"),
    files=tuple(f"rabbitmq/{name}" for name in _FILES),
)

ENGINE: Engine = Engine(artifacts=partial(artifacts, _BROKER), task=_BROKER.name, private=("cookie",))
