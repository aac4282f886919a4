"""Write text for Nomad's `template` bodies, which the consul-template engine (Go templates) reads.

Text must come out of two readers unharmed: HCL, which puts strings into Unicode's NFC form, and Go's template
parser, which acts on `{{`. Whatever either would change is written as an escape inside a Go string literal.
"""

from __future__ import annotations

import re

from hashistack.render.hcl import LAST_OF_FOUR_DIGITS

# Nomad's own pattern for what it fills in when a task starts (helper/args/args.go).
_INTERPOLATED = re.compile(r"\$\{[a-zA-Z0-9_\-.]+\}")


def survives_env(text: str) -> bool:
    """Tell whether an entry of `env` carries `text` unchanged: Nomad fills in `${name}`, HCL normalises."""
    return not _INTERPOLATED.search(text) and _is_normal(text)


def survives_config(text: str) -> bool:
    """Tell whether a driver's `config` carries `text` unchanged: the client reads it as an HCL template again."""
    return "${" not in text and "%{" not in text and _is_normal(text)


def go_string(text: str) -> str:
    """Return `text` as a Go string literal of ASCII characters."""
    return '"' + "".join(map(_go_character, text)) + '"'


def verbatim(text: str) -> str:
    """Return a template body that comes out as `text`: lines stand as they are where possible, else as a literal."""
    return "\n".join(map(_verbatim_line, text.split("\n")))


def item(path: str, name: str) -> str:
    """Return a template body that comes out as one item of a Nomad variable; it waits until there is the variable."""
    return f'{{{{ with nomadVar "{path}" }}}}{{{{ .{name}.Value }}}}{{{{ end }}}}'


def addresses(service: str) -> str:
    """Return a template body with the addresses of a Consul service, `host:port`, one a line; it waits for the first.

    As in `outputs`, reading a variable that nobody sets is what waits.
    """
    return (
        f'{{{{ range service "{service}" }}}}{{{{ .Address }}}}:{{{{ .Port }}}}\n'
        f'{{{{ else }}}}{{{{ nomadVar "nomad/jobs/{service}/address" }}}}{{{{ end }}}}'
    )


def _verbatim_line(line: str) -> str:
    plain = _is_normal(line) and line.isprintable() and "{{" not in line
    return line if plain else f"{{{{ {go_string(line)} }}}}"


def _go_character(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char == "\n":
        return "\\n"
    if char in "{}":
        # A brace pair inside a literal would still be read as the end of the action, `${` as HCL.
        return f"\\x{ord(char):02x}"
    if char.isascii() and char.isprintable():
        return char
    return f"\\U{ord(char):08x}" if ord(char) > LAST_OF_FOUR_DIGITS else f"\\u{ord(char):04x}"


def _is_normal(text: str) -> bool:
    if text.isascii():
        return True
    from unicodedata import is_normalized  # most descriptors never need its tables

    return is_normalized("NFC", text)
