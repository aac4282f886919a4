"""A websocket on the loopback that answers as Nomad does when it is asked to run a command."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha1
from urllib.parse import unquote_plus

from hashistack.backends.endpoint import Endpoint

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


@dataclass
class Talk:
    """One connection: what was received of standard input, and whether its end was."""

    connection: socket.socket
    mark: bytes = b""
    given: bytes = b""
    closed: threading.Event = field(default_factory=threading.Event)

    def say(self, stream: str, data: bytes) -> None:
        body = json.dumps({stream: {"data": b64encode(data).decode()}}).encode()
        self.connection.sendall(struct.pack("!BBH", 0x81, 126, len(body)) + body)

    def end(self, code: int = 0) -> None:
        for stream in ("stdout", "stderr"):
            self.say(stream, self.mark + b"%03d" % code)

    def shake_hands(self) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += self.connection.recv(4096)
        found = re.search(r"printf ([0-9a-f]{16});", unquote_plus(request.split()[1].decode()))
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
        assert found and key
        self.mark = found[1].encode()
        accepted = b64encode(sha1(key[1] + _GUID, usedforsecurity=False).digest())
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.connection.sendall(upgrade + b"Sec-WebSocket-Accept: " + accepted + b"\r\n\r\n")

    def listen(self) -> None:
        """Take what comes until the connection ends."""
        reading = self.connection.makefile("rb")
        while head := reading.read(2):
            length = head[1] & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", reading.read(2))
            mask, body = reading.read(4), reading.read(length)
            frame = json.loads(bytes(byte ^ mask[place % 4] for place, byte in enumerate(body)))
            stdin = frame.get("stdin") or {}
            self.given += b64decode(stdin.get("data", ""))
            if stdin.get("close"):
                self.closed.set()


@contextmanager
def talking(script: Callable[[Talk], None], *, hears: bool = True) -> Iterator[tuple[Endpoint, list[Talk]]]:
    """Serve one command: `script` is what it says, `hears` whether it takes what it is given."""
    talks: list[Talk] = []

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            talk = Talk(listening.accept()[0])
            talks.append(talk)
            talk.shake_hands()
            if hears:
                threading.Thread(target=_heard, args=(talk,), daemon=True).start()
            script(talk)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield Endpoint("Nomad", f"http://127.0.0.1:{listening.getsockname()[1]}"), talks
        for talk in talks:
            talk.connection.close()


def _heard(talk: Talk) -> None:
    with suppress(OSError):
        talk.listen()
