"""Guess what somebody meant; only called when something is wrong, so it may take its time."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hashistack.descriptor.types import Key, ListOf, MapOf, Record, Text, Type

_SHOWN = 60
_SHORT = 3
_COMPARED = 1000


def closest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like `word`, or ""."""
    import difflib  # slow to import, and only wanted after a mistake

    options = list(known)[:_COMPARED]
    folded = {option.lower(): option for option in options}
    # Of two letters one may be wrong: bd is db.
    cutoff = 0.5 if len(word) <= _SHORT else 0.6
    matches = difflib.get_close_matches(word.lower()[:_SHOWN], list(folded), n=1, cutoff=cutoff)
    return folded[matches[0]] if matches else ""


def closest_key(name: str, record: Record) -> str:
    """Return the key of `record` that `name` most likely means: another tool's name for it, or a slip."""
    folded = name.lower().replace("-", "_")
    for known, key in record.keys.items():
        if folded == known or folded in key.also:
            return known
    return closest(name, record.keys)


def belongs_at(name: str) -> str:
    """Return the dotted path of a key of this name elsewhere in the schema, or ""."""
    from hashistack.descriptor.schema import ROOT  # the schema imports the types, not us

    paths = [
        path
        for path, _ in walk(ROOT)
        if path.rsplit(".", 1)[-1] == name and not path.startswith("environments.*.p")
    ]
    return min(paths, key=len).removesuffix(f".{name}") if paths and "." in min(paths, key=len) else ""


def walk(record: Record, prefix: str = "") -> Iterable[tuple[str, Key]]:
    """Yield every key of the schema below `record` with its dotted path; `*` stands for a name."""
    for name, key in record.keys.items():
        path = f"{prefix}{name}"
        yield path, key
        below, inner = _below(path, key.type)
        if inner is not None:
            yield from walk(inner, f"{below}.")


def tidy_name(name: str, kind: Text) -> str:
    """Return `name` changed as little as makes it a possible name, or "" if there is no such thing."""
    dashed, scored = (
        name.lower().replace("_", "-").replace(" ", "-"),
        name.replace("-", "_").replace(".", "_"),
    )
    # Of a path no other is meant: /srv/../etc is not /srv/__/etc.
    for candidate in (name.rstrip("/"),) if "/" in name else (dashed, scored):
        if (
            candidate != name
            and re.fullmatch(kind.pattern, candidate)
            and len(candidate) <= (kind.limit or _SHOWN)
        ):
            return candidate
    return ""


def shorten(text: str) -> str:
    """Return `text` on one line, and not longer than a message can bear."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: _SHOWN + 1])
    return line if len(text) <= _SHOWN else f"{line[: _SHOWN - 3]}..."


def _below(path: str, kind: Type) -> tuple[str, Record | None]:
    match kind:
        case Record():
            return path, kind
        case MapOf():
            return _below(f"{path}.*", kind.value)
        case ListOf():
            return _below(f"{path}[]", kind.item)
    return path, None
