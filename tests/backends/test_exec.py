"""A command that is silent for long, one that is left, and a machine that is gone: held against a pretended Nomad."""

from __future__ import annotations

import io
import socket
import time

import pytest

from hashistack.backends import exec as backend
from hashistack.backends.exec import Exec, Limits, Task
from hashistack.backends.exec_connection import opened
from hashistack.diagnostics import BackendError, Exit, Interrupted
from tests.backends.talker import Talk, talking

TASK = Task("00000000-0000-0000-0000-000000000000", "engine")


class Endless:
    """Standard input that has more to come, and does not come."""

    def __init__(self) -> None:
        self._given = [b"the first half"]

    def read(self, _: int, /) -> bytes:
        if self._given:
            return self._given.pop()
        time.sleep(60)
        return b""


class Unreadable:
    """Standard input on a disk that breaks."""

    def read(self, _: int, /) -> bytes:
        raise OSError("disk gone")


def begin(talk: Talk) -> None:
    talk.say("stdout", talk.mark)


def begin_and_speak(talk: Talk) -> None:
    talk.say("stdout", talk.mark + b"a word that is longer than a mark")


def test_a_command_that_has_begun_may_be_silent_for_as_long_as_it_likes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backend, "_BEGIN_SECONDS", 0.5)

    def think(talk: Talk) -> None:
        begin(talk)
        time.sleep(1.5)
        talk.end(3)

    out = io.BytesIO()
    with talking(think) as (nomad, _):
        assert Exec(nomad).run(TASK, ["restore"], out=out.write, err=out.write, stdin=io.BytesIO(b"all")) == 3


def test_one_that_does_not_begin_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_BEGIN_SECONDS", 0.5)
    out = io.BytesIO()
    with talking(lambda _: None) as (nomad, _), pytest.raises(BackendError) as caught:
        Exec(nomad).run(TASK, ["restore"], out=out.write, err=out.write)
    assert caught.value.diagnostics[0].code == "HS404"


def test_one_that_has_not_begun_can_be_run_again_and_one_that_has_may_still_run() -> None:
    def told(begins: bool) -> str:
        def hang_up(talk: Talk) -> None:
            if begins:
                begin(talk)
            talk.connection.shutdown(socket.SHUT_RDWR)

        with talking(hang_up) as (nomad, _), pytest.raises(BackendError) as caught:
            Exec(nomad).run(TASK, ["restore"], out=print, err=print)
        return caught.value.diagnostics[0].hint or ""

    assert "it has not run" in told(begins=False)
    assert "may still be running" in told(begins=True)


def test_an_interrupt_closes_standard_input_and_says_what_may_go_on() -> None:
    def interrupt(_: bytes) -> None:
        raise KeyboardInterrupt

    with talking(begin_and_speak) as (nomad, talks):
        with pytest.raises(Interrupted, match="interrupted while running restore in engine") as caught:
            Exec(nomad).run(TASK, ["restore"], out=interrupt, err=interrupt, stdin=Endless())
        assert talks[0].closed.wait(5)
    assert caught.value.exit_code == Exit.INTERRUPTED
    assert "may still be running" in (caught.value.diagnostics[0].hint or "")


@pytest.mark.parametrize("limits", [Limits(silence=0.5), Limits(total=0.5)])
def test_what_is_given_up_has_its_standard_input_closed(limits: Limits) -> None:
    out = io.BytesIO()
    with talking(begin) as (nomad, talks):
        with pytest.raises(BackendError, match="no answer in time") as caught:
            Exec(nomad).run(TASK, ["restore"], out=out.write, err=out.write, stdin=Endless(), limits=limits)
        assert talks[0].closed.wait(5)
    assert talks[0].given == b"go\nthe first half"
    found = caught.value.diagnostics[0]
    assert (found.code, "may still be running" in (found.hint or "")) == ("HS730", True)


@pytest.mark.parametrize(
    ("given", "why"),
    [(Endless(), "no answer in time"), (Unreadable(), "could not be read to its end.*: disk gone")],
)
def test_a_command_that_ends_because_its_input_was_cut_has_not_succeeded(
    monkeypatch: pytest.MonkeyPatch, given: Endless | Unreadable, why: str
) -> None:
    def end_well(talk: Talk) -> None:
        begin(talk)
        assert talk.closed.wait(5)
        talk.end()

    # Its last word comes between the end of its input and our hanging up, which is a moment: here it is a second.
    monkeypatch.setattr(backend, "hang_up", lambda _: time.sleep(1))
    out, limits = io.BytesIO(), Limits(total=0.5)
    with talking(end_well) as (nomad, _), pytest.raises(BackendError, match=why):
        Exec(nomad).run(TASK, ["restore"], out=out.write, err=out.write, stdin=given, limits=limits)


def test_leaving_does_not_wait_for_what_nobody_takes() -> None:
    out = io.BytesIO()
    began = time.monotonic()
    with talking(begin, hears=False) as (nomad, _), pytest.raises(BackendError):
        given = io.BytesIO(bytes(50_000_000))
        Exec(nomad).run(TASK, ["restore"], out=out.write, err=out.write, stdin=given, limits=Limits(total=1))
    assert time.monotonic() - began < 10


def test_the_kernel_looks_whether_the_machine_is_still_there_and_has_patience_with_a_busy_one() -> None:
    with talking(begin) as (nomad, talks):
        asked = {"task": "engine", "command": "printf 0123456789abcdef;"}
        plain = opened(nomad, TASK.allocation, asked, 5).sock
        assert plain.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle = plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        every = plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
        assert idle + every * plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) <= 180
        assert not plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        plain.close()
    assert talks
