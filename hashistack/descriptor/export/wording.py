"""How the schema says types, defaults and units to people."""

from __future__ import annotations

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


def type_text(kind: Type) -> str:
    """Return what a value may be, in words."""
    match kind:
        case Text():
            said = f"{kind.expected}; numbers and booleans stay as written" if kind.scalars else kind.expected
        case Integer(low, high):
            said = f"a number from {low} to {high}"
        case Size():
            said = f"a size from {kind.low}MiB to {kind.high // 1024**2}TiB: a number of MiB, 512MiB, 20GiB"
        case Duration():
            said = f"a duration up to {kind.high // 3600}h: a number of seconds, 10s, 5m, 1h"
        case Choice(options):
            said = f"one of {', '.join(options)}"
        case ListOf(item):
            said = f"a list, each {type_text(item)}" + ("; one alone is enough" if kind.single else "")
        case MapOf(_, value):
            said = f"a mapping of names, each {type_text(value)}" + (
                "; or a list of names" if kind.listed else ""
            )
        case Boolean() | Share():
            said = kind.expected
        case Record():
            said = _record_text(kind)
    return said


def _record_text(kind: Record) -> str:
    if not kind.short:
        return "a mapping"
    return f"a mapping, or only {' and '.join(f'`{name}`' for name in kind.short)}"


def default_value(key: Key) -> str:
    """Return the default as a descriptor would have it, or what it follows from; "" if there is none."""
    if key.default is None:
        return key.default_says
    if isinstance(key.default, bool):
        return "true" if key.default else "false"
    if isinstance(key.default, tuple):
        return f"[{', '.join(key.default)}]"
    match key.type:
        case Size():
            return f"{key.default}MiB"
        case Duration():
            return f"{key.default}s"
    return str(key.default)


def default_text(key: Key) -> str:
    """Return a sentence about the default, "" if there is none."""
    if key.required:
        return "Required."
    return f"Default: {default_value(key)}." if default_value(key) else ""


def markdown(key: Key) -> str:
    """Return all about a key as Markdown, for the tooltips of editors."""
    facts = [key.says, default_text(key)]
    if key.unit:
        facts.append(f"Unit: {key.unit}.")
    if key.targets:
        facts.append(f"Only for target {' and '.join(key.targets)}.")
    if key.example:
        facts.append(f"Example: `{key.example}`")
    return "\n\n".join(fact for fact in facts if fact)
