"""Read the output folder: never outside it, whatever links and the lock say."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from hashistack.diagnostics import ConflictError, HashistackError
from hashistack.messages import files as say
from hashistack.tree import lock as locks
from hashistack.tree.compare import NoFile, OnDisk


def read_lock(output: Path) -> locks.Lock:
    """Return the lock of an output folder; an empty one if there is none yet."""
    content = read(output, locks.NAME)
    if isinstance(content, NoFile):
        raise ConflictError(say.no_file(locks.NAME, content.kind))
    return locks.Lock() if content is None else locks.parse(content)


def read_files(output: Path, paths: Iterable[str]) -> dict[str, OnDisk]:
    """Return what is at each of `paths`, which are relative to `output`."""
    if output.exists() and not output.is_dir():
        raise ConflictError(say.output_is_no_folder(str(output)))
    return {path: read(output, path) for path in sorted(paths)}


def read(output: Path, path: str) -> OnDisk:
    """Return the content at `path` below `output`; a link is not followed, a path that leads outside is refused."""
    target = inside(output, path)
    try:
        mode = target.lstat().st_mode
        return target.read_bytes() if stat.S_ISREG(mode) else NoFile(_kind(mode))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HashistackError(say.cannot_read(path, error.strerror or str(error))) from None


def inside(output: Path, path: str) -> Path:
    """Return where `path` is, links of its folders resolved; raise ConflictError if that is outside `output`."""
    root = output.resolve()
    target = root / path
    folder = target.parent.resolve()
    if not folder.is_relative_to(root):
        raise ConflictError(say.outside(path, str(folder)))
    return folder / target.name


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(mode) else "a device"
