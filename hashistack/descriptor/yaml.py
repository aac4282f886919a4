"""Read YAML into nodes: libyaml's events, positions kept, everything dangerous or ambiguous refused.

Scalars stay text until the schema says what they are; `scalars.py` has the YAML 1.2 core rules, so
`on`, `22:22`, `012` and `1_000` are what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import yaml

from hashistack.descriptor.nodes import (
    FILE_START,
    Broken,
    Finding,
    Mapping,
    Mark,
    Node,
    Scalar,
    Sequence,
    child,
    moved,
)
from hashistack.diagnostics import Diagnostic
from hashistack.messages import descriptor as messages

MAX_BYTES = 1_000_000
MAX_NODES = 20_000
MAX_DEPTH = 50

# libyaml is ten times faster; a PyYAML built without it still works.
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What YAML does not allow in a file, and separators that only libyaml takes for line ends.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")

_TAGS = (None, "!", "tag:yaml.org,2002:str")


# How JSON escapes a character beyond U+FFFF; a YAML escape is one whole character.
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


class _Anchor(NamedTuple):
    """What an alias stands for: its nodes, how many they are and how many levels are below the first."""

    node: Node
    size: int
    height: int


class _UnreadableError(Exception):
    """Reading cannot go on; carries the one finding that says why."""

    def __init__(self, mark: Mark, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.summary)
        self.finding = (mark, diagnostic)


def decode(data: str | bytes) -> tuple[str, list[Finding]]:
    """Return the text of a file, and what keeps it from being read: size, encoding, control characters."""
    if len(data) > MAX_BYTES:
        return "", [(FILE_START, messages.file_too_large(MAX_BYTES))]
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8")
            return data.decode("utf-8", "replace"), [(_point(before), messages.not_utf8(data[error.start]))]
    else:
        text = data
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if match := _FORBIDDEN.search(text):
        return text, [(_point(text[: match.start()]), messages.control_character(match.group()))]
    return text, []


def parse(text: str) -> tuple[Node | None, list[Finding]]:
    """Return the tree of `text` and all findings; the tree is None if the text cannot be read as YAML."""
    reader = _Reader(text)
    try:
        return reader.document(), reader.findings
    except _UnreadableError as error:
        return None, [*reader.findings, error.finding]
    except yaml.MarkedYAMLError as error:
        return None, [*reader.findings, _syntax(error, text)]


def _point(before: str) -> Mark:
    line = before.count("\n") + 1
    col = len(before) - (before.rfind("\n") + 1) + 1
    return (line, col, line, col + 1)


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Finding:
    problem = error.problem or ""
    at, opened = error.problem_mark, error.context_mark
    if at is None or (opened is not None and "end of stream" in problem):
        at = opened
    line, col = (at.line + 1, at.column + 1) if at else FILE_START[:2]
    lines = text.split("\n")
    if line > len(lines):
        # The parser looks for more after the last line.
        line, col = len(lines), len(lines[-1]) + 1
    source = lines[line - 1]
    if "alias" in (error.context or "") or "anchor" in (error.context or ""):
        col = max(col - 1, 1)
    mark = (line, col, line, col + 1)
    rest = source[col - 1 :]
    if rest.startswith("\t") or "\t" in source[: len(source) - len(source.lstrip())]:
        return mark, messages.tab()
    if "Unicode" in problem and (pair := _SURROGATES.match(source, source.rfind("\\u", 0, col))):
        return mark, messages.surrogates(_character(pair))
    return mark, messages.syntax(problem, source, rest, opened.line + 1 if opened else line)


def _character(pair: re.Match[str]) -> str:
    return (
        "".join(chr(int(half, 16)) for half in pair.groups())
        .encode("utf-16", "surrogatepass")
        .decode("utf-16")
    )


class _Reader:
    """Turn parser events into nodes; positions count from 1."""

    def __init__(self, text: str) -> None:
        self._event: Callable[[], Any] = _Parser(text).get_event
        self._anchors: dict[str, _Anchor | None] = {}
        self._count = 0
        self._deepest = 0
        self.findings: list[Finding] = []

    def document(self) -> Node:
        """Read the only document of the text."""
        self._event()
        if isinstance(self._event(), yaml.StreamEndEvent):
            raise _UnreadableError(FILE_START, messages.empty_file())
        root = self._node(self._event(), "", FILE_START, 0)
        self._event()
        after = self._event()
        if not isinstance(after, yaml.StreamEndEvent):
            raise _UnreadableError(_mark(after), messages.several_documents())
        if isinstance(root, Scalar) and root.plain and not root.text:
            raise _UnreadableError(FILE_START, messages.empty_file())
        return root

    def _node(self, event: Any, path: str, key: Mark | None, depth: int) -> Node:
        mark = _mark(event)
        self._limit(mark, depth)
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self._alias(event.anchor, path, key, mark, depth)
        anchor, count, deepest = event.anchor, self._count, self._deepest
        if anchor:
            self._anchors[anchor] = None
            self._deepest = depth
        node: Node
        if kind is yaml.ScalarEvent:
            plain = event.style in (None, "") and event.tag is None
            node = Scalar(path, key or mark, mark, event.value, plain)
        elif kind is yaml.MappingStartEvent:
            node = self._mapping(path, key or mark, mark, depth)
        else:
            node = self._sequence(path, key or mark, mark, depth)
        if event.tag not in _TAGS:
            self.findings.append((mark, messages.tag(path, event.tag)))
            node = Broken(path, node.key, node.mark)
        if anchor:
            self._anchors[anchor] = _Anchor(node, self._count - count + 1, self._deepest - depth)
            self._deepest = max(self._deepest, deepest)
        return node

    def _limit(self, mark: Mark, depth: int) -> None:
        self._count += 1
        self._deepest = max(self._deepest, depth)
        if self._count > MAX_NODES:
            raise _UnreadableError(mark, messages.too_many_nodes(MAX_NODES))
        if depth > MAX_DEPTH:
            raise _UnreadableError(mark, messages.too_deep(MAX_DEPTH))

    def _alias(self, name: str, path: str, key: Mark | None, mark: Mark, depth: int) -> Node:
        if name not in self._anchors:
            raise _UnreadableError(mark, messages.unknown_alias(path, name, list(self._anchors)))
        known = self._anchors[name]
        if known is None:
            raise _UnreadableError(mark, messages.alias_cycle(path, name))
        # Counted as if written out, never built: a bomb is refused before it costs anything.
        self._count += known.size - 1
        self._limit(mark, depth + known.height)
        return moved(known.node, path, key or mark)

    def _sequence(self, path: str, key: Mark, start: Mark, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := self._event(), yaml.SequenceEndEvent):
            items.append(self._node(event, f"{path}[{len(items)}]", None, depth + 1))
        return Sequence(path, key, start[:2] + _mark(event)[2:], tuple(items))

    def _mapping(self, path: str, key: Mark, start: Mark, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            mark = _mark(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _UnreadableError(mark, messages.key_not_text(path))
            name = event.value
            node = self._node(self._event(), child(path, name), mark, depth + 1)
            if name == "<<":
                self.findings.append((mark, messages.merge_key(path)))
                # Refused, and still taken as it is meant: nothing else is wrong with this mapping.
                merged = _merged(node) | merged
            elif name in entries:
                self.findings.append((mark, messages.duplicate_key(node.path, name, entries[name].key[0])))
            else:
                entries[name] = node
        return Mapping(path, key, start[:2] + _mark(event)[2:], {**merged, **entries} if merged else entries)


def _merged(node: Node) -> dict[str, Node]:
    """Return what a merge key adds: the entries of a mapping, or of several, of which the first wins."""
    if isinstance(node, Sequence):
        return {name: found for item in reversed(node.items) for name, found in _merged(item).items()}
    return node.entries if isinstance(node, Mapping) else {}


def _mark(event: Any) -> Mark:
    start, end = event.start_mark, event.end_mark
    return (start.line + 1, start.column + 1, end.line + 1, end.column + 1)
