"""Write values as HCL by their type, so that no template has to remember to quote.

The string rules are those of HCL's native syntax specification: `\\n \\r \\t \\" \\\\ \\uNNNN \\UNNNNNNNN`, and
`$${` and `%%{` for a literal `${` and `%{`. JSON's `\\b`, `\\/` and surrogate pairs are no HCL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# Beyond it, `\uNNNN` does not suffice; Go, which reads both HCL and templates, has no surrogate pairs.
LAST_OF_FOUR_DIGITS = 0xFFFF
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


class Hcl(str):
    """Text that already is HCL; the only thing `literal` lets through untouched."""

    __slots__ = ()


def literal(value: object) -> Hcl:
    """Return `value` as one HCL expression; an unknown type is a bug and raises TypeError."""
    match value:
        case Hcl():
            return value
        case None:
            return Hcl("null")
        case bool():
            return Hcl("true" if value else "false")
        case int():
            return Hcl(repr(value))
        case str():
            return Hcl(f'"{escape(value)}"')
        case list() | tuple():
            return _sequence(value)
        case dict():
            return _mapping(value)
    raise TypeError(f"no HCL literal for {type(value).__name__}")


def escape(text: str) -> str:
    """Return `text` as it stands between the quotes of an HCL string."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text and "{" not in text:
        return text
    return "".join(_character(text, index, char) for index, char in enumerate(text))


def _character(text: str, index: int, char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char in "$%" and text[index + 1 : index + 2] == "{":
        return char + char
    if char.isprintable():
        return char
    return f"\\U{ord(char):08x}" if ord(char) > LAST_OF_FOUR_DIGITS else f"\\u{ord(char):04x}"


def _sequence(values: Iterable[object]) -> Hcl:
    return Hcl("[" + ", ".join(map(literal, values)) + "]")


def _mapping(values: Mapping[object, object]) -> Hcl:
    if not values:
        return Hcl("{}")
    pairs = (f"{literal(str(key))} = {literal(value)}" for key, value in values.items())
    return Hcl("{ " + ", ".join(pairs) + " }")


def interpolated(*parts: str) -> Hcl:
    """Join literal text and HCL expressions (`Hcl`) into one quoted string: `"shop:${var.version}"`."""
    return Hcl(
        '"' + "".join(f"${{{part}}}" if isinstance(part, Hcl) else escape(part) for part in parts) + '"'
    )


def identifier(name: str) -> Hcl:
    """Return `name` as an attribute or block name; anything else than an HCL identifier raises ValueError."""
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is no HCL identifier")
    return Hcl(name)


def heredoc(text: str) -> Hcl:
    """Return printable `text` as a heredoc, which always ends in a newline; the tag never stands in the text."""
    tag = "EOT"
    lines = {line.strip() for line in text.splitlines()}
    while tag in lines:
        tag += "_"
    body = text.replace("${", "$${").replace("%{", "%%{")
    return Hcl(f"<<{tag}\n{body}{'' if body.endswith(chr(10)) else chr(10)}{tag}")


def comment(text: str) -> Hcl:
    """Return `text` for a comment; a line break would end the comment and raises ValueError."""
    if not text.isprintable():
        raise ValueError(f"{text!r} does not fit on a comment line")
    return Hcl(text)


def seconds(count: int) -> Hcl:
    """Return a duration as Nomad writes it: `90s`, `5m`."""
    return literal(f"{count // 60}m" if count and count % 60 == 0 else f"{count}s")
