"""A port of this machine that leads to one beside a running task, through Nomad: no other way to it has to be open."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, Protocol

from hashistack.backends.exec import Exec, Task
from hashistack.diagnostics import BackendError

_LOOPBACK = "127.0.0.1"
# For one connection: what a program that was killed leaves in the task ends by itself.
_LONGEST_SECONDS = 6 * 3600
_LOOK_SECONDS = 0.1
_END_SECONDS = 5.0  # for the command at the other end to be told


class Incoming(Protocol):
    """What a client sends."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes as soon as there are any; none once it has ended."""


Carry = Callable[[Incoming, Callable[[bytes], object]], object]
"""Carry one connection: send what comes in, hand on what is answered, and return when either side has ended."""


def through(exec_: Exec, task: Task, label: str) -> Carry:
    """Return what carries a connection to the port of that label; the task's image needs `nc` and `timeout`."""
    command = ("/bin/sh", "-c", f"exec timeout {_LONGEST_SECONDS} nc {_LOOPBACK} $NOMAD_PORT_{label}")

    def carry(incoming: Incoming, answer: Callable[[bytes], object]) -> object:
        words = bytearray()
        return exec_.talk(task, command, out=answer, err=words.extend, stdin=incoming)

    return carry


@dataclass(slots=True)
class Passage:
    """A port that is open; `problem` is why a connection could not be carried, the first of them."""

    port: int
    problem: BackendError | None = None


@contextmanager
def passage(carry: Carry) -> Iterator[Passage]:
    """Open a port for this machine's own programs, and close it with all of its connections."""
    carried: list[tuple[socket.socket, threading.Thread]] = []

    class Connection(BaseRequestHandler):
        def handle(self) -> None:
            carried.append((self.request, threading.current_thread()))
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # answers come in small pieces
            try:
                carry(_Received(self.request), self.request.sendall)
            except BackendError as error:
                opened.problem = opened.problem or error
            except OSError:  # the client has hung up
                pass

    with _Server((_LOOPBACK, 0), Connection) as server:
        opened = Passage(int(server.server_address[1]))
        thread = threading.Thread(target=server.serve_forever, args=(_LOOK_SECONDS,), daemon=True)
        thread.start()
        try:
            yield opened
        finally:
            server.shutdown()
            thread.join()
            for connection, _ in carried:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for _, carrier in carried:
                carrier.join(_END_SECONDS)


class _Server(ThreadingTCPServer):
    daemon_threads = True  # a machine that does not answer must not keep this program from ending


@dataclass(frozen=True, slots=True)
class _Received:
    connection: Any

    def read(self, size: int, /) -> bytes:
        try:
            received: bytes = self.connection.recv(size)
        except OSError:  # it was closed here
            return b""
        return received
