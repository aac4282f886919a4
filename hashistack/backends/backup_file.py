"""The file that a backup of a service is: whole or not there, and for its owner alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hashistack.diagnostics import HashistackError, UsageProblem
from hashistack.messages import stand_in_upkeep as messages
from hashistack.messages import upkeep


def opened(file: Path) -> BinaryIO:
    """Open a backup; raise where it cannot be read."""
    try:
        return file.open("rb")
    except OSError as error:
        raise UsageProblem(messages.no_backup_file(str(file), error.strerror or str(error))) from error


@contextmanager
def new_file(file: Path) -> Iterator[BinaryIO]:
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
