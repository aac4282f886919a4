"""The variables of a compose service: which are secrets, which point at a backing service."""

from __future__ import annotations

import re

_SECRET = re.compile(r"(SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE|CREDENTIAL)|(^|_)KEY(_BASE)?$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INTERPOLATION = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|\$([A-Za-z_][A-Za-z0-9_]*)")
_SCHEMES = {
    "postgres": "postgres(?:ql)?(?:\\+[a-z0-9]+)?",
    "redis": "rediss?",
    "mongodb": "mongodb",
    "mqtt": "mqtts?|tcp",
}
_USERS = r"(?:[^@/\s]*@)?"


def split_environment(environment: object) -> tuple[dict[str, str], list[str]]:
    """Return the variables whose values may be written down, and the names of those that are secrets.

    A variable without a value of its own comes from somebody's shell: it is taken for a secret, too.
    """
    values: dict[str, str] = {}
    secrets: list[str] = []
    for name, value in _entries(environment):
        text = None if value is None else _interpolated(value)
        if not _NAME.fullmatch(name):
            continue
        if text is None or (_SECRET.search(name) and "://" not in text):
            secrets.append(name)
        else:
            values[name] = text
    return values, secrets


def services_in(value: str, kinds: dict[str, str]) -> str:
    """Return `value` with the address of a backing service replaced by a reference to its output."""
    for name, kind in kinds.items():
        host = re.escape(name)
        if kind in _SCHEMES and re.fullmatch(
            rf"(?:{_SCHEMES[kind]})://{_USERS}{host}(:[0-9]+)?(/\S*)?", value
        ):
            return f"${{{name}.url}}"
        if kind == "kafka" and re.fullmatch(rf"{host}:[0-9]+", value):
            return f"${{{name}.bootstrap_servers}}"
        if kind == "object-storage" and re.fullmatch(rf"https?://{host}(:[0-9]+)?/?", value):
            return f"${{{name}.endpoint}}"
        if kind in _SCHEMES and value == name:
            return f"${{{name}.host}}"
    return value.replace("${", "$${")


def _entries(environment: object) -> list[tuple[str, str | None]]:
    if isinstance(environment, dict):
        return [(str(name), None if value is None else _text(value)) for name, value in environment.items()]
    if isinstance(environment, list):
        pairs = [str(entry).partition("=") for entry in environment]
        return [(name, value if equals else None) for name, equals, value in pairs]
    return []


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _interpolated(value: str) -> str | None:
    """Return `value` with the defaults of its interpolations; None if one has no default."""
    missing = any(not match[2] for match in _INTERPOLATION.finditer(value) if match.group() != "$$")
    return None if missing else _INTERPOLATION.sub(lambda match: match[2] or "$", value)
