"""What a stand-in keeps, as a file of one's own: streamed out of the member that leads, and into it again."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from hashistack.backends.backup_file import new_file
from hashistack.backends.bucket_backup import BucketBackup
from hashistack.backends.exec import Exec, Task
from hashistack.backends.nomad import Nomad
from hashistack.backends.reports import Reports
from hashistack.diagnostics import DeployError, UsageProblem
from hashistack.messages import stand_in_upkeep as messages
from hashistack.plan.stand_ins import StandIn

_SAVE = "/local/backup.sh"
_PUT_BACK = "/local/restore.sh"
_LOOK_SECONDS = 15.0
_LAST_WORDS = 4096


def backup_of(nomad: Nomad, stand_in: StandIn) -> ServiceBackup | BucketBackup:
    """Return what saves, and puts back, what a service keeps."""
    return (BucketBackup if stand_in.engine.buckets else ServiceBackup)(nomad, stand_in)


class ServiceBackup:
    """Backups of one stand-in, which its engine's own scripts make and put back."""

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
        with new_file(file) as writing:
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
        task = self._reports.leader(self._stand_in)
        found = self._exec.text(task, ("/bin/sh", "-c", f"! test -f {script} || echo found"), _LOOK_SECONDS)
        if not found:
            raise UsageProblem(messages.no_backup_of(self._stand_in.name, self._stand_in.engine.task))
        return task

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
