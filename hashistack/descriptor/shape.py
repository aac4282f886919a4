"""Hold nodes against the schema: all mistakes of shape in one walk, and a tree of converted values.

Short forms come out as their long forms, so that environments can be merged key by key. What is wrong
becomes Broken in the result, and is silent from then on.
"""

from __future__ import annotations

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
from hashistack.descriptor.suggest import belongs_at, closest, closest_key, shorten
from hashistack.descriptor.types import (
    Boolean,
    Choice,
    Duration,
    Integer,
    ListOf,
    MapOf,
    Record,
    Share,
    Size,
    Text,
    Type,
)
from hashistack.descriptor.written import amount, fits, got, misfit, removes, text_hint, whole
from hashistack.diagnostics import Diagnostic
from hashistack.messages import descriptor as messages
from hashistack.messages import descriptor_meaning as meaning

_SIZE_UNITS = {"": 1, "MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}
# Guessing takes a millisecond; a file with more mistakes than this is no descriptor.
_GUESSES = 100
_TOO_SHORT = 2
_ALL = 100
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


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
            Share: self._share,
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
        if removes(node) and not (isinstance(kind, Text) and kind.empty):
            return self._broken(node, messages.nothing_overrides(node.path, kind.expected))
        return self._checks[type(kind)](node, kind, example)

    def _broken(self, node: Node, diagnostic: Diagnostic, mark: Mark | None = None) -> Broken:
        self.findings.append((mark or place(node), diagnostic))
        return Broken(node.path, node.key, node.mark)

    def _text(self, node: Node, kind: Text, example: str) -> Node:
        if not isinstance(node, Scalar) or (
            node.plain and not kind.scalars and not isinstance(resolve(node.text), str)
        ):
            hint = text_hint(node, kind, example or kind.example)
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
            return self._broken(node, misfit(node.path, text, kind, example or kind.example))
        return self._parsed(node, kind.form) if kind.form else Value(node.path, node.key, node.mark, text)

    def _parsed(self, node: Scalar, form: str) -> Node:
        try:
            return Value(node.path, node.key, node.mark, forms.PARSERS[form](node.text, node.path))
        except forms.RejectedError as error:
            return self._broken(node, error.diagnostic)

    def _integer(self, node: Node, kind: Integer, example: str) -> Node:
        number = whole(node)
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

    def _share(self, node: Node, kind: Share, example: str) -> Node:
        flag = resolve(node.text) if isinstance(node, Scalar) and node.plain else None
        share = {True: _ALL, False: 0}[flag] if isinstance(flag, bool) else whole(node)
        if share is None or not 0 <= share <= _ALL:
            hint = "write true, or a number from 0 to 100 without a percent sign"
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        return Value(node.path, node.key, node.mark, share)

    def _size(self, node: Node, kind: Size, example: str) -> Node:
        size = amount(node, kind.pattern, _SIZE_UNITS)
        if size is None or not kind.low <= size <= kind.high:
            return self._broken(node, messages.wrong_size(node.path, got(node), (kind.low, kind.high)))
        return Value(node.path, node.key, node.mark, size)

    def _duration(self, node: Node, kind: Duration, example: str) -> Node:
        seconds = amount(node, kind.pattern, _SECONDS)
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
        if kind.single and isinstance(node, Scalar) and node.text:
            node = Sequence(node.path, node.key, node.mark, (node,))
        if not isinstance(node, Sequence):
            alone = isinstance(node, Scalar) and node.text and not check(node, kind.item)[1]
            hint = f"write [{node.text}]" if isinstance(node, Scalar) and alone else f"for example {example}"
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
        if kind.listed and isinstance(node, Sequence):
            return self._listed(node, kind)
        if not isinstance(node, Mapping):
            hint = f"for example {example}" if example else ""
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        if len(node.entries) < kind.least:
            return self._broken(node, messages.too_few(node.path, kind.expected))
        entries: dict[str, Node] = {}
        for name, value in node.entries.items():
            if not fits(name, kind.name):
                self._broken(value, misfit(value.path, name, kind.name, kind.name.example), value.key)
            entries[name] = self.check(value, kind.value, "")
        return Mapping(node.path, node.key, node.mark, entries)

    def _listed(self, node: Sequence, kind: MapOf) -> Node:
        names = self._list(node, ListOf(kind.name, kind.least), "")
        if not isinstance(names, Sequence):
            return names
        entries: dict[str, Node] = {
            str(item.value) if isinstance(item, Value) else item.path: item for item in names.items
        }
        for name, item in entries.items():
            if isinstance(item, Value):
                entries[name] = Mapping(item.path, place(item), item.mark, {})
        return Mapping(node.path, node.key, node.mark, entries)

    def _record(self, node: Node, kind: Record, example: str) -> Node:
        if isinstance(node, Mapping):
            return self._keys(node, kind)
        short = kind.keys[kind.short[0]] if kind.short else None
        if short is None or not _may_be_short(node, short.type):
            hint = f"for example {example or _first(kind)}"
            return self._broken(node, messages.wrong_type(node.path, kind.expected, got(node), hint))
        value = self.check(node, short.type, short.example)
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


def _first(kind: Record) -> str:
    """Return a mapping with what a record must have, or else its first key; where nobody gave a better example."""
    needed = [name for name, key in kind.keys.items() if key.required] or list(kind.keys)[:1]
    return f"{{{', '.join(f'{name}: {kind.keys[name].example}' for name in needed)}}}"


def _may_be_short(node: Node, kind: Type) -> bool:
    """Tell whether `node` could be a value of `kind` that stands for a whole record."""
    if isinstance(node, Sequence):
        return isinstance(kind, ListOf)
    return isinstance(node, Scalar) and not (node.plain and resolve(node.text) is None)
