"""Read a file of secrets: NAME=value lines, as `.env` files have them. Pure; values never appear in an error."""

from __future__ import annotations

import re

from hashistack.diagnostics import UsageProblem
from hashistack.messages import cluster as messages
from hashistack.plan.sensitive import Sensitive

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(text: str, file: str) -> dict[str, Sensitive]:
    r"""Return the values by name; `export` before a name and whole-line comments are ignored, the last of two wins.

    In single quotes everything is literal, in double quotes `\n`, `\r`, `\t`, `\"` and `\\` are escapes. Without
    quotes the value is the rest of the line without the spaces around it; a `#` belongs to it.
    """
    values: dict[str, Sensitive] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, rest = stripped.removeprefix("export ").partition("=")
        if not equals or not NAME.fullmatch(name.strip()):
            raise UsageProblem(messages.bad_secrets_file(file, number, "this line is no NAME=value"))
        value = _value(rest.strip())
        if value is None:
            raise UsageProblem(
                messages.bad_secrets_file(
                    file, number, f"the value of {name.strip()} lacks its closing quote"
                )
            )
        values[name.strip()] = Sensitive(value)
    return values


def _value(text: str) -> str | None:
    quote = text[:1]
    if quote not in ("'", '"'):
        return text
    if len(text) < 2 or not text.endswith(quote):  # noqa: PLR2004 - two quotes
        return None
    inner = text[1:-1]
    return inner if quote == "'" else re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), inner)
