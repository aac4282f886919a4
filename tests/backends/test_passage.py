"""A port that leads elsewhere: connections beside each other, their ends, and what goes wrong at the other one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from hashistack.backends.passage import Incoming, passage
from hashistack.backends.ports import listens
from hashistack.diagnostics import BackendError, Diagnostic


def echo(incoming: Incoming, answer: Callable[[bytes], object]) -> None:
    while data := incoming.read(4):
        answer(data.upper())


def dial(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def test_connections_are_carried_beside_each_other() -> None:
    with passage(echo) as way, dial(way.port) as one, dial(way.port) as other:
        other.sendall(b"other")
        one.sendall(b"one")
        assert one.recv(9) == b"ONE"
        other.shutdown(socket.SHUT_WR)
        assert other.makefile("rb").read() == b"OTHER"
        assert way.problem is None


def test_a_connection_that_is_open_ends_with_the_passage() -> None:
    ended = threading.Event()

    def carry(incoming: Incoming, answer: Callable[[bytes], object]) -> None:
        echo(incoming, answer)
        ended.set()

    with passage(carry) as way:
        client = dial(way.port)
        client.sendall(b"x")
        assert client.recv(1) == b"X"
    assert ended.is_set()
    with client:
        assert client.recv(1) == b""
    assert not listens("127.0.0.1", way.port, 1)


def test_why_a_connection_could_not_be_carried_is_known() -> None:
    def carry(_: Incoming, __: Callable[[bytes], object]) -> None:
        raise BackendError(Diagnostic("HS406", "Nomad refused"))

    with passage(carry) as way, dial(way.port) as client:
        assert client.recv(1) == b""
    assert str(way.problem) == "Nomad refused"


def test_a_client_that_hangs_up_is_nobodys_problem() -> None:
    def carry(incoming: Incoming, answer: Callable[[bytes], object]) -> None:
        incoming.read(1)
        while True:
            answer(bytes(1 << 20))

    with passage(carry) as way, dial(way.port) as client:
        client.sendall(b"x")
        client.recv(1)
    assert way.problem is None


@pytest.mark.parametrize("mistake", [OSError, ValueError])
def test_what_is_done_meanwhile_may_fail(mistake: type[Exception]) -> None:
    with pytest.raises(mistake), passage(echo) as way:
        raise mistake
    assert not listens("127.0.0.1", way.port, 1)
