"""A port of this machine that leads to a port of a server without a public address: Session Manager's forwarding.

The `aws` program and its session-manager-plugin do the work. A tunnel that dies, or whose server is about to go, is
opened anew to whichever server there is; all end with this process, however it ends.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from hashistack.backends.patience import until
from hashistack.backends.ports import free_port, listens
from hashistack.diagnostics import BackendError
from hashistack.messages import aws as messages

PROGRAMS = ("aws", "session-manager-plugin")
DOCUMENT = "AWS-StartPortForwardingSession"

# Ends the whole group when the tunnel does, and when the pipe to us is closed: also when we are killed. The plugin is
# a child of `aws`, and would outlive it.
_GUARD = '("$@"; kill -TERM 0) & read -r end; kill -TERM 0'
_OPENING_SECONDS = 30.0
_ENDING_SECONDS = 5.0
_PAUSE = 2.0
_LOOK_SECONDS = 5.0
_TICK = 0.1
_LAST_LINES = 5
_NOT_YET = ("TargetNotConnected", "is not connected")

Choose = Callable[[], Sequence[str]]


@dataclass(slots=True)
class Tunnel:
    """Leads from `local` on this machine to `remote` on the first of the instances that `choose` names."""

    region: str
    remote: int
    choose: Choose
    local: int = field(default_factory=free_port)
    _instance: str = ""
    _process: subprocess.Popen[str] | None = None
    _closed: threading.Event = field(default_factory=threading.Event)
    _words: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))

    @property
    def address(self) -> str:
        """Where the API of the server is found."""
        return f"https://127.0.0.1:{self.local}"

    def open(self, patience: float) -> None:
        """Open it; a machine that Session Manager does not know yet is asked for `patience` seconds."""
        check_programs()
        atexit.register(self.close)
        end = time.monotonic() + patience
        while not self._dial():
            said = " ".join(self._words)
            temporary = not said or any(each in said for each in _NOT_YET)
            if not temporary or time.monotonic() > end or self._closed.wait(_PAUSE):
                raise BackendError(messages.no_tunnel(self.remote, said or "no server runs"))
        threading.Thread(target=self._keep, daemon=True).start()

    def close(self) -> None:
        """End it; again is fine."""
        self._closed.set()
        atexit.unregister(self.close)
        if self._process:
            _end(self._process)

    def _dial(self) -> bool:
        """Try every instance once; tell whether one answers."""
        return any(self._open_to(instance) for instance in self.choose() if not self._closed.is_set())

    def _open_to(self, instance: str) -> bool:
        self._words.clear()
        self._instance = instance
        self._process = process = _start(command(self.region, instance, self.remote, self.local))
        reader = threading.Thread(target=self._listen, args=(process,), daemon=True)
        reader.start()
        end = time.monotonic() + _OPENING_SECONDS
        while process.poll() is None and time.monotonic() < end and not self._closed.is_set():
            if listens("127.0.0.1", self.local, seconds=1):
                return True
            time.sleep(_TICK)
        _end(process)
        reader.join(_ENDING_SECONDS)
        return False

    def _listen(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            if text := line.strip():
                self._words.append(text)

    def _keep(self) -> None:
        """Open it anew whenever it has died, and before its server goes: a dead end may look open for minutes."""
        looked = time.monotonic()
        while not self._closed.wait(_TICK):
            if self._process and time.monotonic() - looked > _LOOK_SECONDS:
                looked = time.monotonic()
                if self._is_leaving():
                    _end(self._process)
            if self._process is None or self._process.poll() is not None:
                with suppress(BackendError):
                    _ = self._dial() or self._closed.wait(_PAUSE)

    def _is_leaving(self) -> bool:
        """Tell whether there are servers, and the one that this leads to is none of them any more."""
        try:
            there = self.choose()
        except BackendError:
            return False
        return bool(there) and self._instance not in there


def command(region: str, instance: str, remote: int, local: int) -> list[str]:
    """Return the command line that forwards a port."""
    ports = json.dumps({"portNumber": [str(remote)], "localPortNumber": [str(local)]}, separators=(",", ":"))
    return [
        *("aws", "ssm", "start-session", "--region", region, "--target", instance),
        *("--document-name", DOCUMENT, "--parameters", ports),
    ]


def check_programs() -> None:
    """Raise where a program is missing that a tunnel needs."""
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        raise BackendError(messages.no_tunnel_programs(missing))


def _start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "sh", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is for us; and the group is what we end
    )


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:  # else the guard has ended the group, and the number may be another's
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDING_SECONDS)
    if process.stdin:
        process.stdin.close()
    until(lambda: not _exists(process.pid), _ENDING_SECONDS, _TICK)


def _exists(group: int) -> bool:
    """Tell whether any process of a group is left: the plugin takes a moment to end its session."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
