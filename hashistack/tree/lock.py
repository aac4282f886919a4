"""hashistack.lock: hash and origin of every file in the output folder that hashistack wrote. Pure.

The lock is checked in, so it is untrusted input: its paths are refused here if they could leave the output folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hashistack.diagnostics import HashistackError
from hashistack.messages import files as say

NAME = "hashistack.lock"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of ours: the hash of what we wrote, and the template it came from."""

    sha256: str
    template: str


@dataclass(frozen=True, slots=True)
class Lock:
    """What we wrote; paths are relative to the output folder, with forward slashes.

    `pending` is there only while files are being written: the hash of what is about to replace a file. If the
    writing is interrupted, a file is still ours whether it was replaced or not. `ejected` are the user's for good.
    """

    generator: str = ""
    files: Mapping[str, Entry] = field(default_factory=dict)
    pending: Mapping[str, str] = field(default_factory=dict)
    ejected: frozenset[str] = frozenset()

    def paths(self) -> set[str]:
        """Return every path that may hold a file of ours."""
        return {*self.files, *self.pending} - self.ejected

    def wrote(self, path: str, content: bytes) -> bool:
        """Say whether `content` at `path` is something that we wrote and nobody edited."""
        entry = self.files.get(path)
        return digest(content) in {entry.sha256 if entry else None, self.pending.get(path)}


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def dump(lock: Lock) -> bytes:
    """Return the lock as sorted JSON: equal locks give equal bytes."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "generator": lock.generator,
        "files": {
            path: {"sha256": e.sha256, "template": e.template} for path, e in sorted(lock.files.items())
        },
    }
    if lock.pending:
        document["pending"] = dict(sorted(lock.pending.items()))
    if lock.ejected:
        document["ejected"] = sorted(lock.ejected)
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def parse(content: bytes) -> Lock:
    """Read a lock; raise HashistackError if it is none, is of a newer format, or names a path outside the folder."""
    try:
        document = json.loads(content)
        newer = document["format"] != FORMAT
        if not newer:
            return _lock(document)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HashistackError(say.broken_lock(NAME)) from None
    raise HashistackError(say.newer_lock(NAME))


def _lock(document: dict[str, Any]) -> Lock:
    return Lock(
        generator=_text(document["generator"]),
        files={
            _safe(p): Entry(_text(e["sha256"]), _text(e["template"])) for p, e in document["files"].items()
        },
        pending={_safe(path): _text(sha256) for path, sha256 in document.get("pending", {}).items()},
        ejected=frozenset(map(_safe, document.get("ejected", []))),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _safe(path: object) -> str:
    """Return `path` if it is a plain relative path below the output folder, other than the lock's own."""
    text = _text(path)
    if text == NAME or not text.isprintable() or "\\" in text or {"", ".", ".."} & set(text.split("/")):
        raise HashistackError(say.lock_leads_outside(NAME, text))
    return text
