"""Run a command in a running task, as `nomad alloc exec` does without a terminal: a websocket to Nomad's API.

The image of the task needs /bin/sh.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from hashistack.backends.endpoint import Endpoint
from hashistack.backends.exec_connection import END, hang_up, opened, release
from hashistack.backends.exec_end import ALONE, FED, GO, TALKING, Marked, Write
from hashistack.backends.failures import from_status, from_text
from hashistack.diagnostics import BackendError, Diagnostic, Interrupted
from hashistack.messages import cluster as messages
from hashistack.messages import stand_in_upkeep as say

_HEARTBEAT_SECONDS = 10.0  # as `nomad` does: what stands between may end a connection without a word
_BEGIN_SECONDS = 300.0  # until the shell says that it is there, on a machine that has much else to do
# Not None: two threads use the connection, and OpenSSL must not wait inside a call of one of them.
_WITHOUT_END = 7 * 86400.0
_CHUNK = 32 * 1024
_STARTS = 10  # a busy machine needs some; each that fails does so within a moment
_PAUSE = 0.3
_TEXT_LIMIT = 1 << 20  # bytes of an answer that is read as text
_BAD_REQUEST = 400
_CLOSE_REASON = 2  # RFC 6455, 5.5.1: a close frame begins with two bytes of status


class Reader(Protocol):
    """What goes into a command."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes, none at the end."""


@dataclass(frozen=True, slots=True)
class Task:
    """Where a command runs: a task of an allocation, by its full id."""

    allocation: str
    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: `silence` is how long a command may say nothing, `total` how long all may take; None: without end.

    Nomad says nothing either while a command does; that its machine still answers is the connection's own matter.
    """

    silence: float | None = None
    total: float | None = None


class Exec:
    """Commands in the tasks of one cluster; raises `BackendError` where one cannot be run or its end not be seen."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def run(
        self,
        task: Task,
        command: Sequence[str],
        *,
        out: Write,
        err: Write,
        stdin: Reader | None = None,
        limits: Limits = Limits(),
    ) -> int:
        """Run a command, hand on what it writes as it comes, and return its exit code."""
        return self._run(
            task, command, {"stdout": out, "stderr": err}, stdin, limits, ALONE if stdin is None else FED
        )

    def talk(self, task: Task, command: Sequence[str], *, out: Write, err: Write, stdin: Reader) -> int:
        """Run a command to which its answers are answered; whether all of them came is not known here."""
        return self._run(task, command, {"stdout": out, "stderr": err}, stdin, Limits(), TALKING)

    def _run(
        self,
        task: Task,
        command: Sequence[str],
        sinks: Mapping[str, Write],
        stdin: Reader | None,
        limits: Limits,
        way: str,
    ) -> int:
        doing = f"running {command[0]} in {task.name} of {task.allocation[:8]}"
        for _ in range(_STARTS):
            marked = Marked(command, sinks, way)
            talk = _Talk(self._endpoint, doing, limits, marked)
            code = self._once(talk, task, stdin)
            if code is not None:
                return code
            time.sleep(_PAUSE)
        raise BackendError(say.never_began(doing, f"tried {_STARTS} times"))

    def _once(self, talk: _Talk, task: Task, stdin: Reader | None) -> int | None:
        """Run the command and return its exit code; None where it has not begun, and will not."""
        with talk.explained():
            asked = _asked(task, talk.marked.command)
            socket = opened(self._endpoint, task.allocation, asked, talk.limits.silence or _BEGIN_SECONDS)
        try:
            return talk.follow(socket, stdin)
        except KeyboardInterrupt as error:
            if talk.marked.begun:
                raise Interrupted(say.left_running(talk.doing)) from error
            raise
        finally:
            if stdin is None or talk.marked.code is None:
                release(socket)
            # An orderly end would have to wait for what is still being sent.
            hang_up(socket)
            socket.shutdown()

    def text(self, task: Task, command: Sequence[str], seconds: float) -> str:
        """Return what a command writes, within so many seconds; raise where it fails."""
        out, err = bytearray(), bytearray()

        def keep(data: bytes) -> None:
            out.extend(data[: _TEXT_LIMIT - len(out)])

        limits = Limits(silence=seconds, total=seconds)
        code = self.run(task, command, out=keep, err=err.extend, limits=limits)
        if code:
            said = bytes(err or out).decode(errors="replace")
            raise BackendError(say.command_failed(" ".join(command), code, said))
        return out.decode(errors="replace")


@dataclass(slots=True)
class _Talk:
    """One command: what goes in is sent from a thread of its own, what comes out is read by the caller."""

    endpoint: Endpoint
    doing: str
    limits: Limits
    marked: Marked
    _begun: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _expired: bool = False
    _unread: Exception | None = None
    _broken: Exception | None = None

    def follow(self, socket: Any, stdin: Reader | None) -> int | None:
        """Send and receive until the command has ended; return its exit code, None where it has not begun."""
        threading.Thread(target=self._send, args=(socket, stdin), daemon=True).start()
        timer = threading.Timer(self.limits.total or threading.TIMEOUT_MAX, self._expire, (socket,))
        timer.daemon = True
        timer.start()
        try:
            while self.marked.code is None:
                frame = self._receive(socket)
                for name in ("stdout", "stderr"):
                    if data := (frame.get(name) or {}).get("data"):
                        self.marked.take(name, b64decode(data))
                if self.marked.begun and not self._begun.is_set():
                    socket.settimeout(self.limits.silence or _WITHOUT_END)
                    self._begun.set()
                if frame.get("exited"):
                    return self._cut_short((frame.get("result") or {}).get("exit_code") or 0)
            return self.marked.code
        finally:
            timer.cancel()
            self._over.set()
            self._begun.set()

    def _cut_short(self, code: int) -> int | None:
        """Return the code of a shell that did not come to its end: there is none, or it was killed."""
        if code == 0 and not self.marked.begun:
            return None
        if code == 0:
            raise BackendError(say.connection_lost(self.doing, "not all of its output has come"))
        self.marked.flush()
        return code

    def _receive(self, socket: Any) -> Mapping[str, Any]:
        from websocket import ABNF

        with self.explained():
            opcode, data = socket.recv_data()
        # What comes now is of a command that has seen an early end of its input.
        if self._expired or self._unread:
            raise BackendError(self._given_up())
        if opcode == ABNF.OPCODE_CLOSE:
            raise BackendError(self._ended(data[_CLOSE_REASON:].decode(errors="replace")))
        frame = json.loads(data)
        return frame if isinstance(frame, dict) else {}

    def _send(self, socket: Any, stdin: Reader | None) -> None:
        """Send what goes in to its end, and a word now and then."""
        try:
            self._begun.wait()
            if not self._over.is_set():
                socket.send(_stdin(GO))
            if stdin:
                while not self._over.is_set() and (data := self._read(stdin)):
                    socket.send(_stdin(data))
                socket.send(END)
            while not self._over.wait(_HEARTBEAT_SECONDS):
                socket.send("{}")
        except Exception as error:
            # A thread's error has nobody to catch it: the reader is woken and tells.
            if not self._over.is_set():
                self._broken = error
                _leave(socket)

    def _read(self, stdin: Reader) -> bytes | None:
        try:
            return stdin.read(_CHUNK)
        except Exception as error:
            self._unread = error
            raise

    def _expire(self, socket: Any) -> None:
        self._expired = True
        _leave(socket)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Raise `BackendError` instead of what the client or the network raises inside."""
        from websocket import WebSocketException

        try:
            yield
        except (WebSocketException, OSError) as error:
            raise BackendError(self._problem(error)) from error

    def _problem(self, error: Exception) -> Diagnostic:
        import websocket

        product, url = self.endpoint.product, self.endpoint.url
        if self._expired or self._unread:
            return self._given_up()
        match self._broken or error:
            case websocket.WebSocketBadStatusException() as refusal:
                if refusal.status_code == _BAD_REQUEST and not self.endpoint.secure:
                    # Go's answer to plain HTTP at a TLS port has no length, so that the client does not read it.
                    return messages.tls_mismatch(product, url, "the server wants https")
                text = bytes(refusal.resp_body or b"").decode(errors="replace")
                return from_status(self.endpoint, self.doing, refusal.status_code, text)
            case websocket.WebSocketTimeoutException() | TimeoutError():
                return self._late()
            case ssl.SSLError() as wrong:
                return messages.tls_mismatch(
                    product, url, (wrong.reason or str(wrong)).lower().replace("_", " ")
                )
            case ConnectionRefusedError() | websocket.WebSocketAddressException():
                return messages.not_running(product, url)
            case other:
                return self._lost(str(other))

    def _given_up(self) -> Diagnostic:
        """Explain why the input was cut."""
        return say.input_unreadable(self.doing, str(self._unread)) if self._unread else self._late()

    def _late(self) -> Diagnostic:
        """Explain why nothing more was waited for; what has begun is not simply to be run again."""
        if self.marked.begun:
            return self._lost("no answer in time")
        return messages.timed_out(self.endpoint.product, self.endpoint.url, self.doing)

    def _lost(self, answer: str) -> Diagnostic:
        explain = say.connection_lost if self.marked.begun else say.never_began
        return explain(self.doing, answer)

    def _ended(self, reason: str) -> Diagnostic:
        """Explain why Nomad itself closed the connection."""
        if "Permission denied" in reason:
            return messages.denied(self.endpoint.product, self.doing, self.endpoint.token is not None)
        return from_text(self.endpoint, self.doing, reason) if reason else self._lost("")


def _leave(socket: Any) -> None:
    release(socket)
    hang_up(socket)


def _stdin(data: bytes) -> str:
    return json.dumps({"stdin": {"data": b64encode(data).decode()}})


def _asked(task: Task, command: Sequence[str]) -> dict[str, str]:
    return {"task": task.name, "command": json.dumps(list(command)), "tty": "false"}
