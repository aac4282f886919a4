"""Read the output folder: never outside it, whatever links and the lock say."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from hashistack.diagnostics import ConflictError, HashistackError
from hashistack.messages import files as say
from hashistack.tree import lock as locks
from hashistack.tree.compare import Blocked, NoFile, OnDisk


def read_lock(output: Path) -> locks.Lock:
    """Return the lock of an output folder; an empty one if there is none yet."""
    content = read(output, locks.NAME)
    if isinstance(content, NoFile):
        raise ConflictError(say.lock_is_no_file(locks.NAME, content.kind))
    return locks.parse(content) if isinstance(content, bytes) else locks.Lock()


def read_files(output: Path, paths: Iterable[str]) -> dict[str, OnDisk]:
    """Return what is at each of `paths`, which are relative to `output`."""
    return {path: read(output, path) for path in sorted(paths)}


def read(output: Path, path: str) -> OnDisk:
    """Return the content at `path` below `output`; a link is not followed, a path that leads outside is refused."""
    target = inside(output, path)
    try:
        mode = target.lstat().st_mode
        return target.read_bytes() if stat.S_ISREG(mode) else NoFile(_kind(mode))
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return _blocked(output, target)
    except OSError as error:
        raise HashistackError(say.cannot_read(path, error.strerror or str(error))) from None


def inside(output: Path, path: str) -> Path:
    """Return where `path` is, links of its folders resolved; raise ConflictError if that is outside `output`."""
    top = root(output)
    target = top / path
    folder = _resolved(target.parent, path)
    if not folder.is_relative_to(top):
        raise ConflictError(say.outside(path, str(folder)))
    return folder / target.name


def root(output: Path) -> Path:
    """Return where the output folder really is, or would be; raise ConflictError if something else is there."""
    folder = _resolved(output, str(output))
    if is_folder(folder) is False:
        raise ConflictError(say.output_is_no_folder(str(output)))
    return folder


def is_folder(path: Path) -> bool | None:
    """Say whether a folder, or a link to one, is at `path`; None if nothing is, or nothing can be seen."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return None


def _resolved(folder: Path, path: str) -> Path:
    """Return `folder` without links; raise ConflictError, naming `path`, if they lead round in a circle."""
    try:
        return folder.resolve()
    except (RuntimeError, OSError):  # the one up to Python 3.12, the other since
        raise ConflictError(say.links_in_a_circle(path)) from None


def _blocked(output: Path, target: Path) -> Blocked | None:
    """Return what stands in the place of a folder that leads to `target`."""
    top = root(output)
    above = (folder for folder in target.parents if folder.is_relative_to(top))
    by = next((folder for folder in above if is_folder(folder) is False), None)
    return None if by is None else Blocked(by.relative_to(top).as_posix())


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(mode) else "a device"
