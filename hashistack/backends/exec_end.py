"""How the beginning and the end of a command are known: Nomad may hang up before it has run, or sent all it said.

Nomad's docker driver asks Docker whether a command runs, and takes one that has not yet begun for ended, with code 0;
what it has not read when the command ends is dropped (hashicorp/nomad#27146, as of 1.11). So a shell says that it is
there, waits until it is told to go on, runs the command, ends both of its streams with a mark and the exit code, and
stays until all has been read. Where it has not said that it is there, the command has not run and will not.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

Write = Callable[[bytes], object]

# The first waits until we are gone; where the command has read standard input, nothing is left to wait for.
ALONE = 'BEGIN "$@" </dev/null; code=$?; END cat >/dev/null'
FED = 'BEGIN "$@"; code=$?; END sleep 20'
# Who talks to the command may answer before more comes, so nothing of its output is held back to be looked at: it has
# no mark, and whether all of it has come is for the two to know.
TALKING = 'BEGIN "$@"; code=$?; TOLD sleep 20'
"""How a command is run: without input, with some, or by one who talks to it."""
_BEGIN = "printf MARK; read -r go || exit 125;"
_END = 'printf %s%03d MARK "$code"; TOLD'
_TOLD = 'printf %s%03d MARK "$code" >&2;'
GO = b"go\n"
"""What the shell waits for."""
_DIGITS = 3


class Marked:
    """The streams of one command, handed on without their marks; `command` is what has to run instead of it."""

    def __init__(self, command: Sequence[str], sinks: Mapping[str, Write], way: str) -> None:
        """Begin streams by name; `way` is one of `ALONE`, `FED` and `TALKING`."""
        mark = secrets.token_hex(8)
        script = (
            way.replace("BEGIN", _BEGIN).replace("END", _END).replace("TOLD", _TOLD).replace("MARK", mark)
        )
        self.begun = False
        self._mark = mark.encode()
        self._before = b""
        self.command = ("/bin/sh", "-c", script, "sh", *command)
        self._streams: dict[str, _Stream | _Endless] = {
            name: _Stream(mark.encode(), write) for name, write in sinks.items()
        }
        if way == TALKING:
            self._streams["stdout"] = _Endless(sinks["stdout"])

    def take(self, name: str, data: bytes) -> None:
        """Hand on what a stream has brought."""
        if self.begun or name != "stdout":
            self._streams[name].take(data)
            return
        self._before += data
        before, mark, after = self._before.partition(self._mark)
        if mark:
            self.begun = True
            self._streams[name].take(before + after)

    def flush(self) -> None:
        """Hand on what was held back, as no mark will come."""
        if not self.begun:
            self._streams["stdout"].take(self._before)
        for stream in self._streams.values():
            stream.flush()

    @property
    def code(self) -> int | None:
        """The exit code once every stream has come to its end."""
        codes = [stream.code for stream in self._streams.values() if isinstance(stream, _Stream)]
        return None if None in codes else codes[0]


class _Endless:
    def __init__(self, write: Write) -> None:
        self._write = write

    def take(self, data: bytes) -> None:
        if data:
            self._write(data)

    def flush(self) -> None:
        """Nothing was held back."""


class _Stream:
    def __init__(self, mark: bytes, write: Write) -> None:
        self.code: int | None = None
        self._mark = mark
        self._write = write
        self._held = b""

    def take(self, data: bytes) -> None:
        if self.code is not None:
            return
        self._held += data
        place = self._held.find(self._mark)
        digits = self._held[place + len(self._mark) :][:_DIGITS]
        if place >= 0 and len(digits) == _DIGITS:
            self.code = int(digits)
            self._hand_on(place)
        else:
            # The mark may have begun: as much as it can be long stays here.
            self._hand_on(place if place >= 0 else len(self._held) - len(self._mark))

    def flush(self) -> None:
        self._hand_on(len(self._held))

    def _hand_on(self, length: int) -> None:
        if length > 0:
            self._write(self._held[:length])
            self._held = self._held[length:]
