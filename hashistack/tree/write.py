"""Write files, each through a temporary one in the same folder and a rename.

No other module writes any, but for the backends' state of a cluster and the template environment's own cache.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hashistack.diagnostics import ConflictError, HashistackError
from hashistack.messages import files as say
from hashistack.tree import lock as locks
from hashistack.tree.compare import Blocked, Change, Changes, NoFile, conflict, lock_after, lock_before
from hashistack.tree.disk import inside, is_folder, root

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9]+\.tmp")


@contextmanager
def alone(output: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold an output folder, made if need be, against every other render; `wait` is called before waiting for one.

    The folder itself is locked, so that no file is left behind; a file system that knows no locks does without.
    """
    folder = root(output)
    with _explained(str(output)):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            _lock_folder(handle, wait)
        yield
    finally:
        os.close(handle)


def _lock_folder(handle: int, wait: Callable[[], None]) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        wait()
        fcntl.flock(handle, fcntl.LOCK_EX)


def write(output: Path, changes: Changes) -> None:
    """Bring the output folder to what `changes` say; raise ConflictError, with nothing written, if one conflicts.

    A run that is interrupted between two files is completed by the next one: see `lock_before`.
    """
    if changes.conflicts:
        raise ConflictError(*map(conflict, changes.conflicts))
    _sweep({inside(output, path) for path in (locks.NAME, *(change.path for change in changes.every))})
    altered = [(change, inside(output, change.path)) for change in changes.effective]
    if altered:
        _write_lock(output, lock_before(changes))
    for change, target in altered:
        with _explained(change.path):
            _apply(output, change, target)
    if altered or changes.lock_differs:
        _write_lock(output, lock_after(changes))


def _sweep(targets: set[Path]) -> None:
    """Remove the temporary files that a killed run left: none is in use while the folder is held."""
    for folder in {target.parent for target in targets}:
        with suppress(OSError):
            for path in folder.iterdir():
                found = _TEMPORARY.fullmatch(path.name)
                if found and folder / found["name"] in targets:
                    path.unlink()


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
    if isinstance(change.old, Blocked):
        _make_way(inside(output, change.old.by))
    target.parent.mkdir(parents=True, exist_ok=True)
    if change.backup:
        _back_up(change, target)
    write_file(target, change.new)


def _back_up(change: Change, target: Path) -> None:
    """Keep what stands at `target` beside it."""
    if isinstance(change.old, NoFile):
        target.rename(_original(target))
    elif isinstance(change.old, bytes):
        write_file(_original(target), change.old)


def _make_way(folder: Path) -> None:
    """Move aside what stands where a folder must be; another file below may have done so already."""
    if is_folder(folder) is False:
        folder.rename(_original(folder))


def _original(target: Path) -> Path:
    """Return the free one of PATH.orig, PATH.orig.1 and so on: an older backup is somebody's work too."""
    original, number = target.with_name(f"{target.name}.orig"), 0
    while original.exists() or original.is_symlink():
        number += 1
        original = target.with_name(f"{target.name}.orig.{number}")
    return original


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
