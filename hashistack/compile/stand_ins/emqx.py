"""EMQX for `mqtt`, as long as it is open source: 5.8.9 is the last version that is."""

from __future__ import annotations

from functools import partial

from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.mqtt import Broker, artifacts

_BROKER = Broker(
    name="emqx",
    image="emqx/emqx:5.8.9",
    uid=1000,
    cpu=500,
    memory=768,
    ports=("client", "dist", "rpc", "metrics"),
    files=("emqx/start.sh", "emqx/ready.sh", "emqx/report.sh"),
)

ENGINE: Engine = Engine(
    artifacts=partial(artifacts, _BROKER), task=_BROKER.name, private=("cookie", "dashboard")
)
