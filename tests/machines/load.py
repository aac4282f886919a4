"""Requests without a pause while something happens to the machines."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

THREADS = 3
PAUSE = 0.05
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 15.0
ROUNDS = 3  # over all addresses, before a request counts as failed
LONGEST = 900.0


@dataclass(slots=True)
class Load:
    """Count what the requests met; ``failed`` has the failures in words."""

    answered: int = 0
    retried: int = 0  # nobody took the connection, so the next address was tried, as browsers do
    failed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.answered} answered, {self.retried} connections tried elsewhere, {len(self.failed)} failed"
        )


@contextmanager
def requests(addresses: Sequence[str], host: str, path: str = "/", port: int = 80) -> Iterator[Load]:
    """Ask the addresses in turn, from several threads, until the context ends."""
    seen, stop, end = Load(), threading.Event(), time.monotonic() + LONGEST

    def ask_all_the_time(first: int) -> None:
        for turn in itertools.count(first):
            if stop.wait(PAUSE) or time.monotonic() > end:
                return
            _ask_one(
                seen,
                [addresses[(turn + one) % len(addresses)] for one in range(len(addresses))],
                host,
                path,
                port,
            )

    workers = [threading.Thread(target=ask_all_the_time, args=(number,)) for number in range(THREADS)]
    for worker in workers:
        worker.start()
    try:
        yield seen
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def _ask_one(seen: Load, addresses: Sequence[str], host: str, path: str, port: int) -> None:
    connection = _connected(seen, addresses, port)
    if connection is None:
        seen.failed.append(f"{time.strftime('%X')} no connection to any of {', '.join(addresses)}")
        return
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == http.client.OK:
            seen.answered += 1
        else:
            seen.failed.append(f"{time.strftime('%X')} {connection.host}: {answer.status} {body[:100]!r}")
    except (OSError, http.client.HTTPException) as error:
        seen.failed.append(f"{time.strftime('%X')} {connection.host}: {error!r}")
    finally:
        connection.close()


def _connected(seen: Load, addresses: Sequence[str], port: int) -> http.client.HTTPConnection | None:
    for number, address in enumerate(itertools.islice(itertools.cycle(addresses), ROUNDS * len(addresses))):
        connection = http.client.HTTPConnection(address, port, timeout=CONNECT_SECONDS)
        try:
            connection.connect()
        except OSError:
            seen.retried += 1
            time.sleep(PAUSE * (number // len(addresses)))
            continue
        connection.sock.settimeout(ANSWER_SECONDS)
        return connection
    return None
