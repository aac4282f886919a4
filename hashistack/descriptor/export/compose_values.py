"""The variables of a compose service: which are secrets, which point at a backing service."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hashistack.descriptor.export.references import Hosts, beside_hosts, has_login, inner, whole_url
from hashistack.descriptor.names import VARIABLE
from hashistack.descriptor.written import fits

_SECRET = re.compile(
    r"(SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|PRIVATE|CREDENTIAL|API_?KEY)|(^|_)(KEY(_BASE)?|PASS|PWD)$",
    re.IGNORECASE,
)
_URL = re.compile("[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_INTERPOLATION = re.compile(
    r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?([-?+])([^}]*))?\}|\$([A-Za-z_][A-Za-z0-9_]*)"
)


@dataclass(slots=True)
class Variables:
    """What may be written down, the names of what may not, and what there is to say about either."""

    values: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def variables(environment: object, hosts: Hosts) -> Variables:
    """Return the variables of a compose service; passwords are not among the values.

    A variable without a value of its own comes from somebody's shell: it is taken for a secret, too.
    """
    found = Variables()
    written = {}
    for name, value in _entries(environment):
        if fits(name, VARIABLE):
            written[name] = value
        else:
            found.notes.append(f"{name} is left out: no shell could read a variable of that name")
    texts = {name: interpolated(value or "")[0] for name, value in written.items()}
    pieces = beside_hosts(texts, hosts)
    for name, value in written.items():
        if name in pieces:
            found.values[name] = pieces[name]
            if "$" not in pieces[name] != texts.get(name):
                found.notes.append(f"{name} is now {pieces[name]}: the database has the name of the app")
        else:
            _sort(found, name, value, hosts)
    return found


def interpolated(value: str) -> tuple[str, bool]:
    """Return `value` with the defaults of its interpolations, and whether all of them have one."""
    complete = True

    def default(match: re.Match[str]) -> str:
        nonlocal complete
        if match.group() == "$$":
            return "$"
        text = match[3] if match[2] == "-" else ""
        complete = complete and bool(text)
        return text

    return _INTERPOLATION.sub(default, value), complete


def _sort(found: Variables, name: str, value: str | None, hosts: Hosts) -> None:
    text, complete = ("", False) if value is None else interpolated(value)
    if url := whole_url(text, hosts):
        found.values[name], lost = url
        if lost:
            found.notes.append(f"{name} is now {url[0]}, which leaves out {lost}")
    elif not complete or (_SECRET.search(name) and not _URL.match(text)):
        found.secrets.append(name)
    elif has_login(text):
        found.secrets.append(name)
        found.notes.append(f"{name} holds a password: it is one of the secrets now, without its value")
    else:
        found.values[name] = inner(text, hosts)


def _entries(environment: object) -> list[tuple[str, str | None]]:
    if isinstance(environment, dict):
        return [(str(name), None if value is None else _text(value)) for name, value in environment.items()]
    if isinstance(environment, list):
        pairs = [str(entry).partition("=") for entry in environment]
        return [(name, value if equals else None) for name, equals, value in pairs]
    return []


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
