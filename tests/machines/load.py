"""Requests without a pause while something happens to the machines."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

THREADS = 3
PAUSE = 0.05
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 15.0
ROUNDS = 3  # over all addresses, before a request counts as failed
LONGEST = 900.0
RISE = 2
PROBE_PAUSE = 0.5


@dataclass(slots=True)
class Load:
    """Count what the requests met; ``failed`` has the failures in words."""

    answered: int = 0
    retried: int = 0  # nobody took the connection, so the next address was tried
    lost: int = 0  # the connection ended before an answer began; a GET may be sent again (RFC 9110, 9.2.2)
    failed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        elsewhere = f"{self.retried} connections tried elsewhere"
        return f"{self.answered} answered, {elsewhere}, {self.lost} lost and sent again, {len(self.failed)} failed"


@contextmanager
def requests(addresses: Sequence[str], host: str, path: str = "/", port: int = 80) -> Iterator[Load]:
    """Ask the addresses in turn, from several threads, until the context ends.

    As a load balancer does, an address that takes no connection is left out until it has answered twice: a Traefik that
    has just started says 404 for a moment, before it has read its routes.
    """
    seen, stop, end = Load(), threading.Event(), time.monotonic() + LONGEST
    pool = _Pool([_Target(address, port, host, path) for address in addresses])

    def while_not_stopped(act: Callable[[Load], None], pause: float) -> None:
        while not stop.wait(pause) and time.monotonic() < end:
            act(seen)

    jobs = [(pool.ask, PAUSE)] * THREADS + [(pool.probe, PROBE_PAUSE)]
    workers = [threading.Thread(target=while_not_stopped, args=job) for job in jobs]
    for worker in workers:
        worker.start()
    try:
        yield seen
    finally:
        stop.set()
        for worker in workers:
            worker.join()


@dataclass(slots=True)
class _Target:
    """One address, and whether it is in rotation."""

    address: str
    port: int
    host: str
    path: str
    missing: int = 0  # good answers until it is in rotation again

    def connection(self) -> http.client.HTTPConnection:
        """Connect; raises OSError."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=CONNECT_SECONDS)
        connection.connect()
        connection.sock.settimeout(ANSWER_SECONDS)
        return connection

    def answer(self, connection: http.client.HTTPConnection) -> str:
        """Send one request and return what is wrong with the answer; ConnectionError if none begins."""
        try:
            connection.request("GET", self.path, headers={"Host": self.host})
            answer = connection.getresponse()
            body, status = _body(answer), answer.status
        except TimeoutError as error:
            return repr(error)
        finally:
            connection.close()
        return "" if status == http.client.OK else f"{status} {body[:100]!r}"


def _body(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read()
    except (OSError, http.client.HTTPException) as error:
        answer.status = 0  # it began well and did not end
        return repr(error).encode()


@dataclass(slots=True)
class _Pool:
    """The addresses, and whose turn it is."""

    targets: Sequence[_Target]
    turns: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, seen: Load) -> None:
        """Send one request to whoever takes the connection."""
        for _ in range(ROUNDS * len(self.targets)):
            target = self.targets[next(self.turns) % len(self.targets)]
            if target.missing and not all(one.missing for one in self.targets):
                continue
            try:
                connection = target.connection()
            except OSError:
                seen.retried += 1
                target.missing = RISE
                continue
            try:
                wrong = target.answer(connection)
            except ConnectionError:
                seen.lost += 1
                continue
            if wrong:
                seen.failed.append(f"{time.strftime('%X')} {target.address}: {wrong}")
            else:
                seen.answered += 1
            return
        seen.failed.append(f"{time.strftime('%X')} nobody took a connection")

    def probe(self, seen: Load) -> None:
        """Look after the addresses that are out of rotation; no user sees what they answer."""
        for target in self.targets:
            if not target.missing:
                continue
            try:
                wrong = target.answer(target.connection())
            except OSError:
                wrong = "no connection"
                seen.retried += 1
            target.missing = RISE if wrong else target.missing - 1
