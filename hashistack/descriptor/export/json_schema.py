"""The schema as JSON Schema draft-07, the version that editors and their catalogue support.

It says all that a document alone can say about its shape. `hashistack validate` finds the rest: duplicate
keys, references, names taken twice, everything in the `meaning` modules and the grammars of `forms.py`.
"""

from __future__ import annotations

import re
from typing import Any

from hashistack.descriptor.export.plain import parsed
from hashistack.descriptor.export.wording import default_text, markdown
from hashistack.descriptor.schema import ROOT
from hashistack.descriptor.types import (
    Boolean,
    Choice,
    Duration,
    Integer,
    Key,
    ListOf,
    MapOf,
    Record,
    Share,
    Size,
    Text,
    Type,
)

Json = dict[str, Any]


def json_schema() -> Json:
    """Return the whole schema; the order of keys is the order of the reference page."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "hashistack.yaml",
        "description": "One application: what it runs, what it needs, where it runs.",
        **of_type(ROOT),
    }


def of_type(kind: Type) -> Json:
    """Return the schema of any type."""
    match kind:
        case Text():
            said = _text(kind)
        case Integer(low, high):
            said = {"type": "integer", "minimum": low, "maximum": high}
        case Boolean():
            said = {"type": "boolean"}
        case Share():
            said = {"type": ["boolean", "integer"], "minimum": 0, "maximum": 100}
        case Size() | Duration():
            said = _amount(kind)
        case Choice(options):
            said = {"type": "string", "enum": list(options)}
        case ListOf():
            said = _list(kind)
        case MapOf():
            said = _map(kind)
        case Record():
            said = _record(kind)
    return said


def _list(kind: ListOf) -> Json:
    least = {"minItems": kind.least} if kind.least else {}
    several = {"type": "array", "items": of_type(kind.item), "uniqueItems": True, **least}
    return {"anyOf": [of_type(kind.item), several]} if kind.single else several


def _map(kind: MapOf) -> Json:
    least = {"minProperties": kind.least} if kind.least else {}
    names = {"propertyNames": _limits(kind.name)}
    whole = {"type": "object", **names, "additionalProperties": of_type(kind.value), **least}
    return {"anyOf": [_list(ListOf(kind.name, kind.least)), whole]} if kind.listed else whole


def _amount(kind: Size | Duration) -> Json:
    low = kind.low if isinstance(kind, Size) else 1
    return {"type": ["integer", "string"], "minimum": low, "maximum": kind.high, "pattern": kind.pattern}


def _text(kind: Text) -> Json:
    # A pattern says nothing about numbers, and of those a sign is all that some pattern here forbids.
    unsigned = {"minimum": 0} if kind.scalars and not re.fullmatch(kind.pattern or ".*", "-1") else {}
    return {
        "type": ["string", "number", "boolean"] if kind.scalars else "string",
        **unsigned,
        **_limits(kind),
    }


def _limits(kind: Text) -> Json:
    limits: Json = {} if kind.empty else {"minLength": 1}
    if kind.limit:
        limits["maxLength"] = kind.limit
    if kind.pattern:
        limits["pattern"] = kind.pattern
    return limits


def _record(kind: Record) -> Json:
    required = [name for name, key in kind.keys.items() if key.required]
    whole: Json = {
        "type": "object",
        "properties": {name: _key(name, key) for name, key in kind.keys.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }
    if not kind.short:
        return whole
    return {"anyOf": [of_type(kind.keys[kind.short[0]].type), whole]}


def _key(name: str, key: Key) -> Json:
    notes: Json = {"title": name, "description": f"{key.says} {default_text(key)}".strip()}
    notes["markdownDescription"] = markdown(key)
    if key.default is not None:
        notes["default"] = list(key.default) if isinstance(key.default, tuple) else key.default
    if key.example:
        notes["examples"] = [parsed(key.example)]
    return {**notes, **of_type(key.type)}
