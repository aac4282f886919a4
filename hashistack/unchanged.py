"""Answer `render` and `render --check` at once when nothing changed since the last one.

Runs before click, yaml and jinja are imported, and so imports next to nothing. It is right because it hashes
everything that a render depends on or leaves behind (hashistack itself with its templates, the descriptor, the lock
and every rendered file) and never looks at a time stamp; at any doubt it leaves the answer to the whole program.
What it compares with lies in the user's own cache folder: the lock is checked in, so it proves nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from hashistack import discovery

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_PLAIN = (["render"], ["render", "--check"])
_MORE_THAN_ANY = 1 << 24
"""Bytes; what is longer than any file of ours is read no further, and so is another than before."""


def answer(arguments: Sequence[str], folder: str, environ: Mapping[str, str], stderr: TextIO) -> bool:
    """Print what a render without changes prints, if it is certain to be one; say whether that was so."""
    if list(arguments) not in _PLAIN:
        return False
    try:
        words = _certain(folder, environ)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    if words is not None:
        stderr.write(words)
    return words is not None


def _certain(folder: str, environ: Mapping[str, str]) -> str | None:
    """Return the words to print; None, or any error, is a doubt."""
    record_path = place(folder, environ)
    descriptor = discovery.find(folder, environ)
    if record_path is None or descriptor is None:
        return None
    recorded = json.loads(_own(record_path))
    output = os.path.join(os.path.realpath(os.path.dirname(descriptor)), discovery.OUTPUT)
    same = recorded["inputs"] == _inputs(_bytes(descriptor)) and all(
        _is(os.path.join(output, path), sha256) for path, sha256 in recorded["files"].items()
    )
    return str(recorded["words"]) if same else None


def place(folder: str, environ: Mapping[str, str]) -> str | None:
    """Return where the record for a descriptor found from `folder` lies; None if there is no cache folder."""
    home = environ.get("XDG_CACHE_HOME") or (environ.get("HOME") and os.path.join(environ["HOME"], ".cache"))
    descriptor = discovery.find(folder, environ)
    if not home or descriptor is None or descriptor == discovery.STDIN:
        return None
    # A second descriptor makes a warning: with one the record is another than without.
    found = f"{folder}\0{descriptor}\0{discovery.ignored(descriptor)}"
    name = hashlib.sha256(os.fsencode(found)).hexdigest()
    return os.path.join(home, "hashistack", "unchanged", f"{name}.json")


def record(descriptor: bytes, files: Mapping[str, bytes], words: str) -> bytes:
    """Return what to keep after a render: `files` by path below the output folder, `words` for the next time."""
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    return json.dumps({"inputs": _inputs(descriptor), "files": hashes, "words": words}).encode()


def _inputs(descriptor: bytes) -> str:
    """Return one hash of the descriptor, the interpreter, and all code and templates of hashistack."""
    total = hashlib.sha256(f"{sys.version}\0{len(descriptor)}\0".encode() + descriptor)
    for path in _generator():
        content = _bytes(path)
        total.update(os.fsencode(f"{path}\0{len(content)}\0") + content)
    return total.hexdigest()


def _generator() -> Iterator[str]:
    folders = [
        _PACKAGE,
        *(os.path.join(os.path.dirname(_PACKAGE), name) for name in ("templates", "jobs", "terraform")),
    ]
    for folder in folders:
        for parent, inner, names in os.walk(folder):
            inner[:] = sorted(name for name in inner if name != "__pycache__")
            yield from (os.path.join(parent, name) for name in sorted(names))


def _is(path: str, sha256: str) -> bool:
    """Say whether `path` is a file, reached through no link, with this content."""
    return os.path.realpath(path) == path and hashlib.sha256(_bytes(path)).hexdigest() == sha256


def _own(path: str) -> bytes:
    """Return the content of a file that nobody but this user can have written; raise PermissionError otherwise."""
    status = os.stat(path)
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise PermissionError(path)
    return _bytes(path)


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(_MORE_THAN_ANY)
