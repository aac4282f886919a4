"""Clients that write to PostgreSQL without a pause, find its primary through Consul, and remember every commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import psycopg

COUNT = 4
PAUSE = 0.02

# As an app connects: a server that is gone without a word is noticed within seconds.
PATIENCE = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
Find = Callable[[], str]
"""Return the connection string of the primary; raises OSError or IndexError while there is none."""


@dataclass(slots=True)
class Writes:
    """What was acknowledged, and when."""

    acknowledged: set[tuple[int, int]] = field(default_factory=set)
    moments: list[float] = field(default_factory=list)
    errors: int = 0

    def gap(self, since: float = 0.0) -> float:
        """Return the longest time, in seconds, in which nothing was acknowledged."""
        moments = sorted(moment for moment in [since, *self.moments] if moment >= since)
        return max((later - sooner for sooner, later in pairwise(moments)), default=0.0)

    def after(self, moment: float) -> int:
        """Return how many writes were acknowledged after the moment."""
        return sum(each > moment for each in self.moments)

    def lost(self, connection: psycopg.Connection) -> set[tuple[int, int]]:
        """Return those that were acknowledged and are not there."""
        return self.acknowledged - set(connection.execute("SELECT writer, number FROM written").fetchall())


@contextmanager
def writing(find: Find) -> Iterator[Writes]:
    """Insert row after row, each in a transaction of its own, until the context ends."""
    with psycopg.connect(find(), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS written")
        connection.execute("CREATE TABLE written (writer int, number int, PRIMARY KEY (writer, number))")
    writes, stop = Writes(), threading.Event()
    threads = [threading.Thread(target=_write, args=(writes, stop, find, number)) for number in range(COUNT)]
    for thread in threads:
        thread.start()
    try:
        yield writes
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _write(writes: Writes, stop: threading.Event, find: Find, writer: int) -> None:
    number = 0
    while not stop.is_set():
        try:
            with psycopg.connect(find(), autocommit=True, **PATIENCE) as connection:  # type: ignore[arg-type]
                while not stop.wait(PAUSE):
                    number += 1  # a number that may have arrived is never used again
                    _insert(connection, writer, number)
                    writes.acknowledged.add((writer, number))
                    writes.moments.append(time.monotonic())
        except (psycopg.Error, OSError, IndexError):
            writes.errors += 1
            stop.wait(0.2)


def _insert(connection: psycopg.Connection, writer: int, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO written VALUES (%s, %s)", (writer, number))


def refusal(target: str) -> str:
    """Return why a connection is refused, "" if it is not."""
    try:
        psycopg.connect(target, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return str(error)
    return ""
