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

_MARKERS = {b"<<<<<<< ": "ours", b"||||||| ": "base", b"=======\n": "theirs", b">>>>>>> ": "both"}
"""How lines begin that git leaves around what two branches changed, and whose the lines after them are."""


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
    """Read a lock; raise HashistackError if it is none, is of a newer format, or names a path outside the folder.

    One that git left with two sides is read as both: what either branch wrote is ours.
    """
    ours, *theirs = map(_parsed, _sides(content))
    return _united(ours, theirs[0]) if theirs else ours


def _parsed(content: bytes) -> Lock:
    try:
        document = json.loads(content)
        newer = document["format"] != FORMAT
        if not newer:
            return _lock(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise HashistackError(say.broken_lock(NAME)) from None
    raise HashistackError(say.newer_lock(NAME))


def _sides(content: bytes) -> tuple[bytes, ...]:
    """Return the two whole files of which git made one with conflict markers; without any just `content`."""
    sides: dict[str, list[bytes]] = {"ours": [], "base": [], "theirs": []}
    side = "both"
    for line in content.splitlines(keepends=True):
        if line[:8] in _MARKERS:
            side = _MARKERS[line[:8]]
            continue
        for each in ("ours", "theirs") if side == "both" else (side,):
            sides[each].append(line)
    ours, theirs = b"".join(sides["ours"]), b"".join(sides["theirs"])
    return (content,) if ours == theirs == content else (ours, theirs)


def _united(ours: Lock, theirs: Lock) -> Lock:
    """Return a lock in which a file is ours if either says so; where they differ, theirs counts as pending."""
    return Lock(
        ours.generator,
        {**theirs.files, **ours.files},
        {**{path: entry.sha256 for path, entry in theirs.files.items()}, **theirs.pending, **ours.pending},
        ours.ejected | theirs.ejected,
    )


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
    value.encode()  # half a surrogate pair can be escaped in JSON, but never be written again
    return value


def _safe(path: object) -> str:
    """Return `path` if it is a plain relative path below the output folder, other than the lock's own."""
    text = _text(path)
    if text == NAME or not text.isprintable() or "\\" in text or {"", ".", ".."} & set(text.split("/")):
        raise HashistackError(say.lock_leads_outside(NAME, text))
    return text
