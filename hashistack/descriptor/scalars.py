"""What a plain scalar is, by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema)."""

from __future__ import annotations

import re

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_STARTS = frozenset("0123456789+-.")
_LONGEST = 100
_INTEGER = r"[-+]?[0-9]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"


def resolve(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar; `012` is twelve, `on`, `1_000`, `.inf` and `22:22` are text."""
    if text in _WORDS:
        return _WORDS[text]
    # Python refuses to convert thousands of digits, and nothing in a descriptor has even twenty.
    if text[0] not in _NUMBER_STARTS or len(text) > _LONGEST:
        return text
    if re.fullmatch(_INTEGER, text):
        return int(text)
    if re.fullmatch(r"0o[0-7]+|0x[0-9a-fA-F]+", text):
        return int(text, 0)
    return float(text) if re.fullmatch(_FLOAT, text) else text
