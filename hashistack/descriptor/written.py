"""What a node is as somebody wrote it: a number, an amount, a text of a form; and how a message says it."""

from __future__ import annotations

import re

from hashistack.descriptor.nodes import Mapping, Node, Scalar, Sequence
from hashistack.descriptor.scalars import resolve
from hashistack.descriptor.schema import APP_KEYS
from hashistack.descriptor.suggest import shorten, tidy_name
from hashistack.descriptor.types import Text
from hashistack.diagnostics import Diagnostic
from hashistack.messages import descriptor as messages


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


def removes(node: Node) -> bool:
    """Tell whether an environment sets a key of the app to null, as if that took it away."""
    if not (isinstance(node, Scalar) and node.plain and node.path.startswith("environments.")):
        return False
    names = node.path.split(".", 3)[2:3]
    return resolve(node.text) is None and not set(names).isdisjoint(APP_KEYS)


def whole(node: Node) -> int | None:
    """Return the whole number that a plain scalar is; 2.0 and 1e3 are whole, as in JSON Schema."""
    number = resolve(node.text) if isinstance(node, Scalar) and node.plain else None
    if type(number) is float and number.is_integer():
        return int(number)
    return number if type(number) is int else None


def amount(node: Node, pattern: str, units: dict[str, int]) -> int | None:
    """Return the number that a size or a duration is in its smallest unit, or None if it is none."""
    if not isinstance(node, Scalar):
        return None
    if (number := whole(node)) is not None:
        return number if number > 0 else None
    if not re.fullmatch(pattern, node.text):
        return None
    digits = node.text.rstrip("smhdMGTiB")
    return int(digits) * units[node.text[len(digits) :]]


def text_hint(node: Node, kind: Text, example: str) -> str:
    """Return what to write instead of what is no text."""
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


def misfit(path: str, text: str, kind: Text, example: str) -> Diagnostic:
    """Return what to say of a text that is too long or of another form."""
    if kind.limit and len(text) > kind.limit:
        return messages.too_long(path, len(text), kind.limit)
    # Only names have an example of their own, and only a name can be tidied without changing what it means.
    better = tidy_name(text, kind) if kind.example else ""
    return messages.wrong_text(path, kind.expected, f'"{shorten(text)}"', better, example)
