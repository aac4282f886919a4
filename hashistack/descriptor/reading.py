"""Look into checked nodes: what is there, what is broken, and what the schema says if nothing is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from hashistack.descriptor.nodes import NOTHING, Broken, Mapping, Node, Sequence, Value
from hashistack.descriptor.types import Record


def text(node: Mapping, key: str) -> str:
    """Return the text at `key`; "" if it is absent or broken."""
    found = value(node, key)
    return found if isinstance(found, str) else ""


def number(node: Mapping, key: str) -> int | None:
    """Return the number at `key`; None if it is absent or broken."""
    found = value(node, key)
    return found if isinstance(found, int) else None


def mapping(node: Mapping, key: str) -> Mapping:
    """Return the mapping at `key`; an empty one if it is absent or broken."""
    found = node.entries.get(key)
    return found if isinstance(found, Mapping) else NOTHING


def mappings(node: Mapping, key: str) -> Iterator[tuple[str, Mapping]]:
    """Yield the unbroken mappings in the mapping at `key`, with their names, in the order of the file."""
    for name, found in mapping(node, key).entries.items():
        if isinstance(found, Mapping):
            yield name, found


def texts(node: Mapping, key: str) -> dict[str, str]:
    """Return the unbroken texts in the mapping at `key` by name, sorted by name."""
    found = mapping(node, key)
    return {name: said for name in sorted(found.entries) if (said := text(found, name))}


def items(node: Mapping, key: str) -> tuple[Value, ...]:
    """Return the unbroken items of the list at `key`."""
    found = node.entries.get(key)
    return (
        tuple(item for item in found.items if isinstance(item, Value)) if isinstance(found, Sequence) else ()
    )


def broken(node: Mapping, key: str) -> bool:
    """Tell whether `key` is there and has been complained about, so that nothing follows from it."""
    return isinstance(node.entries.get(key), Broken)


def value(node: Mapping, key: str) -> object:
    """Return the converted scalar at `key`; None if it is absent or broken."""
    found = node.entries.get(key)
    return found.value if isinstance(found, Value) else None


@dataclass(frozen=True, slots=True)
class Filled:
    """A checked mapping without mistakes, with the defaults of its record."""

    node: Mapping
    record: Record

    def _find(self, key: str) -> object:
        found: Node | None = self.node.entries.get(key)
        return found.value if isinstance(found, Value) else self.record.keys[key].default

    def number(self, key: str) -> int:
        """Return a number that is there or has a default."""
        return cast(int, self._find(key))

    def text(self, key: str) -> str:
        """Return a text that is there or has a default."""
        return cast(str, self._find(key))

    def flag(self, key: str) -> bool:
        """Return a truth value that is there or has a default."""
        return cast(bool, self._find(key))

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of numbers in its own order; nothing if it is not there."""
        return tuple(cast(int, item.value) for item in items(self.node, key))

    def optional_flag(self, key: str) -> bool | None:
        """Return a truth value, or None if there is none."""
        return cast("bool | None", self._find(key))

    def optional_number(self, key: str) -> int | None:
        """Return a number, or None if there is none."""
        return cast("int | None", self._find(key))

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None if there is none."""
        return cast("str | None", self._find(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts in its own order; the default, or nothing, if it is not there."""
        if key not in self.node.entries:
            return cast("tuple[str, ...]", self.record.keys[key].default or ())
        return tuple(cast(str, item.value) for item in items(self.node, key))
