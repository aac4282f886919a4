"""Find the addresses of backing services in the variables of a compose file, and write references instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hashistack.descriptor.schema_services import OUTPUTS

_SCHEMES = {
    "postgres": r"postgres(?:ql)?(\+[a-z0-9]+)?",
    "redis": r"rediss?()",
    "mongodb": r"mongodb()",
    "mqtt": r"(?:mqtts?|tcp)()",
}
_HOST_VARIABLE = re.compile(r"(.+?)(HOST|HOSTNAME|SERVER|ADDR|ADDRESS)", re.IGNORECASE)
# What stands beside a variable for the host of a service, and the output that it is.
_BESIDE = {
    "port": ("PORT",),
    "user": ("USER", "USERNAME"),
    "password": ("PASSWORD", "PASS"),
    "database": ("NAME", "DATABASE", "DB", "DBNAME"),
}
# The user may be absent; a password may have any character, people forget to encode it.
_LOGIN = re.compile(
    r"://[^\s/:@]*:\S+@|(?:password|passwd|pwd)\s*=\s*[^\s;&]|-----BEGIN [A-Z ]*PRIVATE KEY", re.IGNORECASE
)
# In a command a password that is a variable is as it should be.
_WRITTEN = re.compile(
    r"(://)[^\s/:@]*:(?!\$)\S+(?=@)|((?:password|passwd|pwd)=|--[a-z-]*pass(?:word|wd)?[ =])(?!\$)\S+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Backing:
    """A backing service that an address can stand for; `database` is the name of the database it will have."""

    name: str
    type: str
    database: str

    def reference(self, output: str) -> str:
        """Return the reference to an output; "" if services of this type have none such."""
        if output == "database":
            return self.database if self.type in ("postgres", "mongodb") else ""
        return f"${{{self.name}.{output}}}" if output in OUTPUTS[self.type] else ""


Hosts = Mapping[str, Backing]
"""The backing services by the names that a compose file has for them."""


def has_login(value: str) -> bool:
    """Tell whether a password stands in `value`: user:password@ in a URL, password=, or a private key."""
    return _LOGIN.search(value) is not None


def without_logins(command: str) -> str:
    """Return `command` with CHANGE_ME for every password that is written in it."""
    return _WRITTEN.sub(lambda match: f"{match[1] or match[2]}CHANGE_ME", command)


def whole_url(value: str, hosts: Hosts) -> tuple[str, str] | None:
    """Return the reference for a URL of a backing service, and what of the URL it does not say."""
    for host, backing in hosts.items():
        scheme = _SCHEMES.get(backing.type)
        if scheme is None:
            continue
        url = rf"{scheme}://(?:\S*@)?{re.escape(host)}(?::[0-9]*)?(/[^?\s]*)?(\?\S*)?"
        if match := re.fullmatch(url, value):
            driver, path, query = (part or "" for part in match.groups())
            # Redis counts its databases; those of the others have the name of the app.
            number = path if backing.type == "redis" and re.fullmatch("/[1-9][0-9]*", path) else ""
            return backing.reference("url") + number, without_logins(
                " and ".join(filter(None, (driver, query)))
            )
    return None


def beside_hosts(values: Mapping[str, str], hosts: Hosts) -> dict[str, str]:
    """Return the variables that say where a service is in pieces: DB_HOST, and DB_PORT, DB_USER beside it."""
    found: dict[str, str] = {}
    for variable, value in values.items():
        match = _HOST_VARIABLE.fullmatch(variable)
        backing = hosts.get(value)
        if match is None or backing is None or not backing.reference("host"):
            continue
        found[variable] = backing.reference("host")
        for output, endings in _BESIDE.items():
            pieces = [
                name for name in values if name.upper() in {(match[1] + end).upper() for end in endings}
            ]
            found |= {name: backing.reference(output) for name in pieces if backing.reference(output)}
    return found


def inner(value: str, hosts: Hosts) -> str:
    """Return `value` with every host:port of a backing service replaced, and what looks like a reference kept."""
    text = value.replace("${", "$${")
    for host, backing in hosts.items():
        endpoint, servers = backing.reference("endpoint"), backing.reference("bootstrap_servers")
        if endpoint:
            text = re.sub(rf"https?://{re.escape(host)}(:[0-9]+)?(?=/|$)", endpoint, text)
            continue
        address = servers or f"{backing.reference('host')}:{backing.reference('port')}"
        # Three digits at least: redis:7 is an image.
        pattern = rf"(?<![\w.-]){re.escape(host)}:[0-9]{{3,5}}(?![\w.])"
        text = re.sub(pattern, address, text)
    return text


def points_at(variable: str, value: str, names: Iterable[str]) -> str:
    """Return the first of `names` that is a host in the value of a variable, "" if none is."""
    for name in names:
        host = re.escape(name)
        if value == name and _HOST_VARIABLE.fullmatch(variable):
            return name
        if re.search(rf"(?:://|@){host}(?![\w.-])|(?:^|,){host}:[0-9]{{3,5}}(?![\w.])", value):
            return name
    return ""
