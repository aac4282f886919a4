"""What a stand-in keeps, as a file of one's own: streamed out of the member that leads, and into it again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hashistack.backends.exec import Exec, Task
from hashistack.backends.nomad import Nomad
from hashistack.backends.reports import Reports
from hashistack.diagnostics import BackendError, DeployError, HashistackError, UsageProblem
from hashistack.messages import stand_in_upkeep as messages
from hashistack.messages import upkeep
from hashistack.plan.stand_ins import StandIn

_SAVE = "/local/backup.sh"
_PUT_BACK = "/local/restore.sh"
_LOOK_SECONDS = 15.0
_LAST_WORDS = 4096


def opened(file: Path) -> BinaryIO:
    """Open a backup; raise where it cannot be read."""
    try:
        return file.open("rb")
    except OSError as error:
        raise UsageProblem(messages.no_backup_file(str(file), error.strerror or str(error))) from error


class ServiceBackup:
    """Backups of one stand-in."""

    def __init__(self, nomad: Nomad, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self._exec = Exec(nomad.endpoint)
        self._reports = Reports(nomad)

    def check(self) -> None:
        """Raise where its engine has no way to save what it keeps, or no member runs."""
        self._script(_SAVE)

    def save(self, file: Path) -> int:
        """Write a backup to a new file and return its size in bytes; nothing is left of one that fails."""
        task = self._script(_SAVE)
        with _new(file) as writing:
            self._run(task, _SAVE, stdin=None, out=writing)
            size = writing.tell()
            if size == 0:
                raise DeployError(messages.command_failed(f"{_SAVE} in {task.name}", 0, "it wrote nothing"))
        return size

    def restore(self, backup: BinaryIO) -> None:
        """Put a backup in the place of what it keeps."""
        self._run(self._script(_PUT_BACK), _PUT_BACK, stdin=backup, out=None)

    def _script(self, script: str) -> Task:
        """Return the task that is asked, in which the script was found."""
        instances = self._reports.instances(self._stand_in)
        if not instances:
            raise BackendError(messages.nothing_runs(self._stand_in.job))
        found = self._exec.text(
            instances[0], ("/bin/sh", "-c", f"! test -f {script} || echo found"), _LOOK_SECONDS
        )
        if not found:
            raise UsageProblem(messages.no_backup_of(self._stand_in.name, self._stand_in.engine.task))
        return instances[0]

    def _run(self, task: Task, script: str, *, stdin: BinaryIO | None, out: BinaryIO | None) -> None:
        words = bytearray()

        def listen(data: bytes) -> None:
            words.extend(data)
            del words[:-_LAST_WORDS]

        code = self._exec.run(
            task,
            ("/bin/sh", script),
            out=out.write if out else listen,
            err=listen,
            stdin=stdin,
        )
        if code:
            said = words.decode(errors="replace")
            raise DeployError(messages.command_failed(f"{script} in {task.name}", code, said))


@contextmanager
def _new(file: Path) -> Iterator[BinaryIO]:
    """Open a file for its owner alone, which gets its name when all of it is there."""
    work = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        if file.exists():
            raise UsageProblem(upkeep.backup_exists(str(file)))
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writing:
            yield writing
            writing.flush()
            os.fsync(writing.fileno())
        work.rename(file)
    except OSError as error:
        raise HashistackError(upkeep.backup_unwritable(str(file), error.strerror or str(error))) from error
    finally:
        with suppress(OSError):  # it was never made, or what is wrong with the folder has been told
            work.unlink()
