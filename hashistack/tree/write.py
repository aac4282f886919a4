"""The only module that writes files: each through a temporary one in the same folder and a rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hashistack.diagnostics import ConflictError, HashistackError
from hashistack.messages import files as say
from hashistack.tree import lock as locks
from hashistack.tree.compare import Change, Changes, NoFile, conflict, lock_after, lock_before
from hashistack.tree.disk import inside


def write(output: Path, changes: Changes, generator: str) -> None:
    """Bring the output folder to what `changes` say; raise ConflictError, with nothing written, if one conflicts.

    A run that is interrupted between two files is completed by the next one: see `lock_before`.
    """
    if changes.conflicts:
        raise ConflictError(*map(conflict, changes.conflicts))
    altered = [(change, inside(output, change.path)) for change in changes.effective]
    if altered:
        _write_lock(output, lock_before(changes))
    for change, target in altered:
        with _explained(change.path):
            _apply(output, change, target)
    _write_lock(output, lock_after(changes, generator))


def eject(output: Path, lock: locks.Lock, path: str, content: bytes) -> None:
    """Give a file to its user: write `content`, and record that `render` never touches or creates it again."""
    files = {each: entry for each, entry in lock.files.items() if each != path}
    pending = {each: sha256 for each, sha256 in lock.pending.items() if each != path}
    with _explained(path):
        write_file(inside(output, path), content)
    _write_lock(output, locks.Lock(lock.generator, files, pending, lock.ejected | {path}))


def new_file(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet; raise HashistackError if it does."""
    with _explained(str(path)), path.open("xb") as file:
        file.write(content)


def private_file(prefix: str, text: str) -> str:
    """Write `text` to a new file that only this user can read, and return its path."""
    import tempfile  # wanted only after a bug

    handle, path = tempfile.mkstemp(prefix=prefix, suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def cache_file(path: str, content: bytes) -> None:
    """Write a file into this user's cache, readable by nobody else; without a cache do without, silently."""
    target = Path(path)
    with suppress(OSError):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(target, content)


def write_file(target: Path, content: bytes) -> None:
    """Replace or create `target` in one step; identical bytes are left alone, the mode of a file is kept."""
    mode = _mode(target)
    if mode is not None and target.read_bytes() == content:
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _mode(target: Path) -> int | None:
    """Return the permissions of a regular file, None of anything else."""
    return target.stat().st_mode & 0o7777 if target.is_file() and not target.is_symlink() else None


def _write_lock(output: Path, lock: locks.Lock) -> None:
    with _explained(locks.NAME):
        output.mkdir(parents=True, exist_ok=True)
        write_file(inside(output, locks.NAME), locks.dump(lock))


def _apply(output: Path, change: Change, target: Path) -> None:
    if change.new is None:
        target.unlink(missing_ok=True)
        _remove_empty_folders(target.parent, output.resolve())
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if change.backup:
        _back_up(change, target)
    write_file(target, change.new)


def _back_up(change: Change, target: Path) -> None:
    """Keep what stands at `target` as PATH.orig, or PATH.orig.1 and so on: an older backup is somebody's work too."""
    number = 0
    while (original := target.with_name(_original(target.name, number))).exists() or original.is_symlink():
        number += 1
    if isinstance(change.old, NoFile):
        target.rename(original)
    elif change.old is not None:
        write_file(original, change.old)


def _original(name: str, number: int) -> str:
    return f"{name}.orig.{number}" if number else f"{name}.orig"


def _remove_empty_folders(folder: Path, root: Path) -> None:
    """Remove `folder` and the folders above it, up to `root`, as long as they are empty."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn the operating system's refusal into a diagnostic that names `path`."""
    try:
        yield
    except OSError as error:
        raise HashistackError(say.cannot_write(path, error.strerror or str(error))) from None
