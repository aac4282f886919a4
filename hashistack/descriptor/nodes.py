"""The tree of a descriptor with the place of every key and value.

`yaml.py` makes Scalars (text as written); `shape.py` turns them into Values (checked and converted) and
puts Broken where it has complained, so that later stages neither trip over a mistake nor repeat it. Named
tuples, because every command makes hundreds of them.
"""

from __future__ import annotations

from typing import NamedTuple

from hashistack.diagnostics import Diagnostic

Mark = tuple[int, int, int, int]
"""First line, first column, last line, column after the last character; all count from 1."""

Finding = tuple[Mark, Diagnostic]
"""A mistake and the place to point at; `load.py` adds file and source line."""

FILE_START: Mark = (1, 1, 1, 1)


class Scalar(NamedTuple):
    """A scalar as written; a plain one (no quotes) may be a number, a boolean or null."""

    path: str
    key: Mark
    mark: Mark
    text: str
    plain: bool


class Value(NamedTuple):
    """A scalar that fits the schema, converted: MiB, seconds, int, bool, str or a value of the model."""

    path: str
    key: Mark
    mark: Mark
    value: object


class Broken(NamedTuple):
    """A value that has been complained about."""

    path: str
    key: Mark
    mark: Mark


class Sequence(NamedTuple):
    """A list."""

    path: str
    key: Mark
    mark: Mark
    items: tuple[Node, ...]


class Mapping(NamedTuple):
    """A mapping in the order of the file."""

    path: str
    key: Mark
    mark: Mark
    entries: dict[str, Node]


Node = Scalar | Value | Broken | Sequence | Mapping

NOTHING = Mapping("", FILE_START, FILE_START, {})


def place(node: Node) -> Mark:
    """Return what to underline for `node`: its value, or its key where the value is empty or spans lines."""
    line, col, end_line, end_col = node.mark
    if (line, col) == (end_line, end_col):
        return node.key
    if line == end_line:
        return node.mark
    return node.key if isinstance(node, Mapping | Sequence) else (line, col, line, col + 1)


def moved(node: Node, path: str, key: Mark) -> Node:
    """Return `node` as the value of another key: what an alias stands for."""
    return node._replace(path=path, key=key)


def child(path: str, key: str) -> str:
    """Return the dotted path of `key` below `path`."""
    shown = key or '""'
    return f"{path}.{shown}" if path else shown
