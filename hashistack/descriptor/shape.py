"""Hold nodes against the schema: all mistakes of shape in one walk, and a tree of converted values.

Short forms come out as their long forms, so that environments can be merged key by key. What is wrong
becomes Broken in the result, and is silent from then on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hashistack.descriptor import forms
from hashistack.descriptor.nodes import (
    Broken,
    Finding,
    Mapping,
    Mark,
    Node,
    Scalar,
    Sequence,
    Value,
    child,
    place,
)
from hashistack.descriptor.scalars import resolve
from hashistack.descriptor.schema import APP_KEYS
from hashistack.descriptor.suggest import belongs_at, closest, closest_key, shorten, tidy_name
from hashistack.descriptor.types import (
    Boolean,
    Choice,
    Duration,
    Integer,
    ListOf,
    MapOf,
    Record,
    Size,
    Text,
    Type,
)
from hashistack.diagnostics import Diagnostic
from hashistack.messages import descriptor as messages
from hashistack.messages import descriptor_meaning as meaning

_SIZE_UNITS = {"": 1, "MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}
# Guessing takes a millisecond; a file with more mistakes than this is no descriptor.
_GUESSES = 100
_TOO_SHORT = 2
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def check(node: Node, schema: Type) -> tuple[Node, list[Finding]]:
    """Return the checked tree of `node` and every mistake of shape in it."""
    checker = _Checker()
    return checker.check(node, schema, "app: shop"), checker.findings


class _Checker:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._checks: dict[type, Callable[[Any, Any, str], Node]] = {
            Text: self._text,
            Integer: self._integer,
            Boolean: self._boolean,
            Size: self._size,
            Duration: self._duration,
            Choice: self._choice,
            ListOf: self._list,
            MapOf: self._map,
            Record: self._record,
        }

    def check(self, node: Node, kind: Type, example: str) -> Node:
        """Check any node; `example` is what the schema shows for its key."""
        if isinstance(node, Broken):
            return node
        if _removes(node) and not (isinstance(kind, Text) and kind.empty):
            return self._broken(node, messages.nothing_overrides(node.path, kind.expected))
        return self._checks[type(kind)](node, kind, example)

    def _broken(self, node: Node, diagnostic: Diagnostic, mark: Mark | None = None) -> Broken:
        self.findings.append((mark or place(node), diagnostic))
        return Broken(node.path, node.key, node.mark)

    def _text(self, node: Node, kind: Text, example: str) -> Node:
        if not isinstance(node, Scalar) or (
            node.plain and not kind.scalars and not isinstance(resolve(node.text), str)
        ):
            hint = _text_hint(node, kind, example or kind.example)
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        text = node.text
        if kind.scalars and node.plain and resolve(text) is None:
            hint = 'write "" for an empty text' if kind.empty else ""
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        if not text and not kind.empty:
            return self._broken(
                node, messages.wrong_text(node.path, kind.expected, '""', "", example or kind.example)
            )
        if "\0" in text:
            return self._broken(node, meaning.nul_character(node.path))
        if not fits(text, kind):
            return self._broken(node, _misfit(node.path, text, kind, example or kind.example))
        return self._parsed(node, kind.form) if kind.form else Value(node.path, node.key, node.mark, text)

    def _parsed(self, node: Scalar, form: str) -> Node:
        try:
            return Value(node.path, node.key, node.mark, forms.PARSERS[form](node.text, node.path))
        except forms.RejectedError as error:
            return self._broken(node, error.diagnostic)

    def _integer(self, node: Node, kind: Integer, example: str) -> Node:
        number = _whole(node)
        if number is None or not kind.low <= number <= kind.high:
            unquoted = (
                node.text if isinstance(node, Scalar) and not node.plain and node.text.isdecimal() else ""
            )
            shown = example if example.isdecimal() else str(kind.low)
            return self._broken(
                node, messages.wrong_number(node.path, (kind.low, kind.high), got(node), unquoted, shown)
            )
        return Value(node.path, node.key, node.mark, number)

    def _boolean(self, node: Node, kind: Boolean, example: str) -> Node:
        flag = resolve(node.text) if isinstance(node, Scalar) and node.plain else None
        if type(flag) is not bool:
            word = node.text.lower() if isinstance(node, Scalar) else ""
            hint = f"write {'false' if word in ('no', 'off', 'n', 'false', '0') else 'true'}, without quotes"
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        return Value(node.path, node.key, node.mark, flag)

    def _size(self, node: Node, kind: Size, example: str) -> Node:
        size = _amount(node, kind.pattern, _SIZE_UNITS)
        if size is None or not kind.low <= size <= kind.high:
            return self._broken(node, messages.wrong_size(node.path, got(node), (kind.low, kind.high)))
        return Value(node.path, node.key, node.mark, size)

    def _duration(self, node: Node, kind: Duration, example: str) -> Node:
        seconds = _amount(node, kind.pattern, _SECONDS)
        if seconds is None or seconds > kind.high:
            return self._broken(node, messages.wrong_duration(node.path, got(node), kind.high))
        return Value(node.path, node.key, node.mark, seconds)

    def _choice(self, node: Node, kind: Choice, example: str) -> Node:
        text = node.text if isinstance(node, Scalar) else ""
        if text not in kind.options:
            # `on` is not nearly `none`.
            meant = closest(text, kind.options) if len(text) > _TOO_SHORT else ""
            return self._broken(node, messages.wrong_choice(node.path, kind.options, got(node), meant))
        return Value(node.path, node.key, node.mark, text)

    def _list(self, node: Node, kind: ListOf, example: str) -> Node:
        if not isinstance(node, Sequence):
            hint = (
                f"write [{node.text}]" if isinstance(node, Scalar) and node.text else f"for example {example}"
            )
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        if len(node.items) < kind.least:
            return self._broken(node, messages.too_few(node.path, kind.expected))
        items: list[Node] = []
        seen: set[str] = set()
        for item in node.items:
            checked = self.check(item, kind.item, "")
            if isinstance(checked, Value) and isinstance(item, Scalar):
                if item.text in seen:
                    checked = self._broken(item, messages.repeated_item(item.path, got(item)))
                seen.add(item.text)
            items.append(checked)
        return Sequence(node.path, node.key, node.mark, tuple(items))

    def _map(self, node: Node, kind: MapOf, example: str) -> Node:
        if not isinstance(node, Mapping):
            hint = f"for example {example}" if example else ""
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        if len(node.entries) < kind.least:
            return self._broken(node, messages.too_few(node.path, kind.expected))
        entries: dict[str, Node] = {}
        for name, value in node.entries.items():
            if not fits(name, kind.name):
                self._broken(value, _misfit(value.path, name, kind.name, kind.name.example), value.key)
            entries[name] = self.check(value, kind.value, "")
        return Mapping(node.path, node.key, node.mark, entries)

    def _record(self, node: Node, kind: Record, example: str) -> Node:
        if isinstance(node, Mapping):
            return self._keys(node, kind)
        if not kind.short or not isinstance(node, Scalar) or (node.plain and resolve(node.text) is None):
            hint = f"for example {example}" if example else ""
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        value = self.check(node, kind.keys[kind.short[0]].type, kind.keys[kind.short[0]].example)
        if isinstance(value, Broken):
            return value
        return Mapping(node.path, node.key, node.mark, dict.fromkeys(kind.short, value))

    def _keys(self, node: Mapping, kind: Record) -> Mapping:
        entries: dict[str, Node] = {}
        for name, value in node.entries.items():
            key = kind.keys.get(name)
            if key is not None:
                entries[name] = self.check(value, key.type, key.example)
            elif meant := self._unknown(value, name, kind):
                # Probably there, under a wrong name: neither missing nor to be counted on.
                entries.setdefault(meant, Broken(value.path, value.key, value.mark))
        for name, key in kind.keys.items():
            if key.required and name not in entries:
                self.findings.append((node.key, messages.missing_key(node.path, name, key.says, key.example)))
                entries[name] = Broken(child(node.path, name), node.key, node.mark)
        return Mapping(node.path, node.key, node.mark, entries)

    def _unknown(self, value: Node, name: str, kind: Record) -> str:
        few = len(self.findings) < _GUESSES
        meant = closest_key(name, kind) if few else ""
        elsewhere = belongs_at(name) if few and not meant else ""
        self.findings.append(
            (value.key, messages.unknown_key(value.path, shorten(name), meant, kind.keys, elsewhere))
        )
        return meant


def fits(text: str, kind: Text) -> bool:
    """Tell whether `text` matches the pattern and the limit of `kind`."""
    if kind.limit and len(text) > kind.limit:
        return False
    return not kind.pattern or re.fullmatch(kind.pattern, text) is not None


def got(node: Node) -> str:
    """Return what is there, as a message says it."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if not isinstance(node, Scalar):
        return "something else"
    if node.plain:
        value = resolve(node.text)
        if value is None:
            return "nothing"
        if not isinstance(value, str):
            return shorten(node.text)
    return f'"{shorten(node.text)}"'


def _removes(node: Node) -> bool:
    """Tell whether an environment sets a key of the app to null, as if that took it away."""
    if not (isinstance(node, Scalar) and node.plain and node.path.startswith("environments.")):
        return False
    names = node.path.split(".", 3)[2:3]
    return resolve(node.text) is None and not set(names).isdisjoint(APP_KEYS)


def _whole(node: Node) -> int | None:
    """Return the whole number that a plain scalar is; 2.0 and 1e3 are whole, as in JSON Schema."""
    number = resolve(node.text) if isinstance(node, Scalar) and node.plain else None
    if type(number) is float and number.is_integer():
        return int(number)
    return number if type(number) is int else None


def _amount(node: Node, pattern: str, units: dict[str, int]) -> int | None:
    if not isinstance(node, Scalar):
        return None
    if (number := _whole(node)) is not None:
        return number if number > 0 else None
    if not re.fullmatch(pattern, node.text):
        return None
    digits = node.text.rstrip("smhMGTiB")
    return int(digits) * units[node.text[len(digits) :]]


def _text_hint(node: Node, kind: Text, example: str) -> str:
    if isinstance(node, Scalar) and resolve(node.text) is not None and fits(node.text, kind):
        return f'for text, write it in quotes: "{shorten(node.text)}"'
    words = (
        " ".join(item.text for item in node.items if isinstance(item, Scalar))
        if isinstance(node, Sequence)
        else ""
    )
    if words:
        return f"write one text: {shorten(words)}"
    return f"for example {example}" if example else ""


def _misfit(path: str, text: str, kind: Text, example: str) -> Diagnostic:
    if kind.limit and len(text) > kind.limit:
        return messages.too_long(path, len(text), kind.limit)
    # Only names have an example of their own, and only a name can be tidied without changing what it means.
    better = tidy_name(text, kind) if kind.example else ""
    return messages.wrong_text(path, kind.expected, f'"{shorten(text)}"', better, example)
