"""NATS for `mqtt`: JetStream keeps what a client asked to keep, in as many copies as there are nodes."""

from __future__ import annotations

from functools import partial

from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.member import EXPORT
from hashistack.compile.stand_ins.mqtt import Broker, artifacts

_FILES = ("start.sh", "serves.sh", "ready.sh", "report.sh", "metrics.sh")
_BROKER = Broker(
    name="nats",
    # With a shell in it, which the image without a suffix has not.
    image="nats:2.15.0-alpine@sha256:004796a89b7ad925027a01d69d175734403f5b3b98d49f4ed2c861e6f9aafec4",
    uid=1000,
    cpu=300,
    memory=256,
    ports=("client", "cluster", "monitor", "local", "metrics"),
    files=(*(f"nats/{name}" for name in _FILES), EXPORT),
)

ENGINE: Engine = Engine(artifacts=partial(artifacts, _BROKER), task=_BROKER.name, private=("report",))
