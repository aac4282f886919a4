"""Answer `hashistack docs KEY`: a dotted path, the end of one, or something near."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.descriptor.export.reference import inner_record, sections
from hashistack.descriptor.export.wording import default_value, type_text
from hashistack.descriptor.schema import ROOT
from hashistack.descriptor.suggest import closest
from hashistack.descriptor.types import Key, MapOf


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to say; `text` is "" if the key is unknown, `near` are dotted paths to try instead."""

    text: str
    near: tuple[str, ...]


def lookup(query: str) -> Answer:
    """Return the help on a key; processes.web.port and scale.min are understood, nothing is the top level."""
    keys = _keys()
    if not query:
        return Answer(_children("", keys), ())
    found = _found(query, list(keys)) or _holders(query, keys)
    if len(found) == 1:
        return Answer(_text(found[0], keys), ())
    if found:
        return Answer("\n".join(_text(path, keys) for path in found), ())
    return Answer("", _near(query, list(keys)))


def _keys() -> dict[str, Key]:
    return {
        f"{path}.{name}" if path else name: key for path, keys in sections(ROOT) for name, key in keys.items()
    }


def _found(query: str, paths: list[str]) -> list[str]:
    wanted = query.split(".")
    exact = [path for path in paths if _matches(path.split("."), wanted)]
    # environments.production.processes.web.port is the port of a process, too.
    inner = wanted[2:] if wanted[0] == "environments" else []
    overridden = [path for path in paths if inner and _matches(path.split("."), inner)]
    return exact or overridden or [path for path in paths if f".{path}".endswith(f".{query}")]


def _holders(query: str, keys: dict[str, Key]) -> list[str]:
    """Return the mappings in which `query` names an entry: processes for processes.web and processes.*."""
    holders = _found(query.rpartition(".")[0], list(keys))
    return [path for path in holders if isinstance(keys[path].type, MapOf)]


def _matches(path: list[str], wanted: list[str]) -> bool:
    return len(path) == len(wanted) and all(
        known in ("*", part) for known, part in zip(path, wanted, strict=True)
    )


def _near(query: str, paths: list[str]) -> tuple[str, ...]:
    whole = closest(query, paths)
    last = closest(query.rsplit(".", 1)[-1], {path.rsplit(".", 1)[-1] for path in paths})
    ends = [path for path in paths if last and path.rsplit(".", 1)[-1] == last]
    return tuple(dict.fromkeys([*([whole] if whole else []), *ends]))


def _text(path: str, keys: dict[str, Key]) -> str:
    key = keys[path]
    facts = {
        "value": type_text(key.type),
        "unit": key.unit,
        "default": "none, it is required" if key.required else default_value(key),
        "target": f"only {' and '.join(key.targets)}" if key.targets else "",
        "example": f"{path.rsplit('.', 1)[-1]}: {key.example}" if key.example else "",
    }
    lines = [path, f"    {key.says}", ""]
    lines += [f"    {name:<9}{fact}" for name, fact in facts.items() if fact]
    below, record = inner_record(path, key.type)
    if record is not None:
        lines += ["", _children(below, keys).rstrip("\n")]
    return "\n".join(lines) + "\n"


def _children(path: str, keys: dict[str, Key]) -> str:
    prefix = f"{path}." if path else ""
    inside = {
        known.removeprefix(prefix): key
        for known, key in keys.items()
        if known.startswith(prefix) and "." not in known.removeprefix(prefix)
    }
    width = max(map(len, inside)) + 2
    return "".join(f"    {name:<{width}}{key.says}\n" for name, key in inside.items())
