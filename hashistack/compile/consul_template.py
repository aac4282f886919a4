"""Write text for Nomad's `template` bodies, which the consul-template engine (Go templates) reads.

Text must come out of two readers unharmed: HCL, which puts strings into Unicode's NFC form, and Go's template
parser, which acts on `{{`. Whatever either would change is written as an escape inside a Go string literal.
"""

from __future__ import annotations

import re

# Nomad's own pattern for what it fills in when a task starts (helper/args/args.go).
_INTERPOLATED = re.compile(r"\$\{[a-zA-Z0-9_\-.]+\}")


def survives_env(text: str) -> bool:
    """Tell whether an entry of `env` carries `text` into the task unchanged: Nomad fills in `${name}`, HCL normalises."""
    return not _INTERPOLATED.search(text) and _is_normal(text)


def survives_config(text: str) -> bool:
    """Tell whether a driver's `config` carries `text` unchanged: Nomad's client reads it as an HCL template once more."""
    return "${" not in text and "%{" not in text and _is_normal(text)


def go_string(text: str) -> str:
    """Return `text` as a Go string literal of ASCII characters."""
    return '"' + "".join(map(_go_character, text)) + '"'


def verbatim(text: str) -> str:
    """Return a template body that comes out as `text`: lines stand as they are where possible, else as a literal."""
    return "\n".join(map(_verbatim_line, text.split("\n")))


def _verbatim_line(line: str) -> str:
    plain = _is_normal(line) and line.isprintable() and "{{" not in line
    return line if plain else f"{{{{ {go_string(line)} }}}}"


def _go_character(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char == "\n":
        return "\\n"
    code = ord(char)
    if 0x20 <= code < 0x7F:
        # A brace pair inside a literal would still be read as the end of the action, `${` as HCL.
        return f"\\x{code:02x}" if char in "{}" else char
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_normal(text: str) -> bool:
    if text.isascii():
        return True
    from unicodedata import is_normalized  # noqa: PLC0415 - most descriptors never need the tables

    return is_normalized("NFC", text)
