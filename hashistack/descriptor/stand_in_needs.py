"""Which versions of an engine its job is made for, and how little memory and disk an engine starts with.

Versions: KRaft's own joining and share groups came with Kafka 4.2; the image of PostgreSQL has 14 to 18 beside each
other; RabbitMQ keeps MQTT's queues as quorum queues without a flag since 4.0; EMQX has another licence from 5.9 and
FerretDB another database under it from 2.0. Amounts: estimates, well below what the engine gets where none is written;
they catch a slip of the unit, not a tight fit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """What an engine needs: a version from `oldest` to below `beyond`; memory and storage in MiB."""

    oldest: Numbers
    beyond: Numbers
    memory: int
    storage: int = 1024

    @property
    def versions(self) -> str:
        """The versions in words: `from 4.2 to below 5`."""
        return f"from {_written(self.oldest)} to below {_written(self.beyond)}"

    def runs(self, version: str) -> bool:
        """Tell whether a version is one of them; 4 is the newest 4.x, so it is where 4.2 is."""
        asked = numbers(version)
        return bool(asked) and self.oldest[: len(asked)] <= asked < self.beyond


NEEDS: dict[str, Needs] = {
    "postgres": Needs((14,), (19,), memory=256),
    "valkey": Needs((7, 2), (10,), memory=64, storage=64),
    "kafka": Needs((4, 2), (5,), memory=640),
    "emqx": Needs((5, 8), (5, 9), memory=256),
    "rabbitmq": Needs((4, 0), (5,), memory=256),
    "nats": Needs((2, 11), (3,), memory=64, storage=256),
    "seaweedfs": Needs((4,), (5,), memory=512),
    "ferretdb": Needs((1, 24), (2,), memory=64, storage=0),
}
"""By engine."""


def numbers(version: str) -> Numbers:
    """Return the numbers that a version begins with, () if it begins with none: of v8.1-alpine they are 8 and 1."""
    found = re.match(r"v?([0-9]+(?:\.[0-9]+)*)", version)
    return tuple(map(int, found[1].split("."))) if found else ()


def _written(version: Numbers) -> str:
    return ".".join(map(str, version))
