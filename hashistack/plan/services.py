"""The backing services that the cloud runs: from Terraform's outputs to Consul's catalog and Nomad variables. Pure.

A service stands in Consul under the name that its stand-in would have, on a node of its own that is no machine of the
cluster; so the jobs are the same text on every target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from hashistack.diagnostics import BackendError
from hashistack.messages import aws_services as messages
from hashistack.plan import names
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.service_logins import Login, new_password, next_key

LoginKind = Literal["password", "access-key", "auth-token", "none"]
_KINDS = ("password", "access-key", "auth-token", "none")
# Consul allows letters, digits, hyphens and underscores in the names of meta.
OWNER = "hashistack-app"
# Where Debian's, Ubuntu's and Alpine's images have the public authorities, which sign what AWS shows its clients.
PUBLIC_CA = "/etc/ssl/certs/ca-certificates.crt"
# The app reads one variable whoever runs its service: without a login it finds an empty one and does not wait for it.
NO_LOGIN = Login(items={"user": Sensitive(""), "password": Sensitive("")})


@dataclass(frozen=True, slots=True)
class ManagedService:
    """A service as Terraform made it: hosts and ports, what a stand-in says in its meta, and whose login it wants.

    `of` is what the login is of in AWS: a database, a replication group, a user of IAM.
    """

    name: str
    addresses: tuple[tuple[str, int], ...]
    meta: Mapping[str, str]
    user: str
    kind: LoginKind
    of: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a service in Consul's catalog; `node` is the name of a node that is no machine."""

    node: str
    id: str
    service: str
    host: str
    port: int
    meta: Mapping[str, str]


def managed_services(outputs: Mapping[str, Any]) -> tuple[ManagedService, ...]:
    """Read the value of the output `backing_services`; raise where it has not the form that we render."""
    try:
        return tuple(_service(name, found) for name, found in sorted(outputs.items()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackendError(messages.strange_output(f"{type(error).__name__}: {error}")) from None


def entries(app: str, services: Sequence[ManagedService]) -> tuple[Entry, ...]:
    """Return what Consul is to list, an entry for each address."""
    return tuple(entry for service in services for entry in _entries(app, service))


def variable_items(service: ManagedService, login: Login | None) -> dict[str, Sensitive]:
    """Return what a service's Nomad variable holds; nothing if it wants no login."""
    user = {"user": Sensitive(service.user)} if service.user else {}
    return {**user, **login.items} if login else {}


def renewed(service: ManagedService, before: Login | None) -> Login:
    """Return a new login in place of the one before."""
    return next_key(before) if service.kind == "access-key" else new_password(before)


def _service(name: str, found: Mapping[str, Any]) -> ManagedService:
    login = found["login"]
    if login["kind"] not in _KINDS:
        raise ValueError(f"{name} has a login of kind {login['kind']}")
    return ManagedService(
        name=name,
        addresses=tuple(map(_address, found["addresses"])),
        meta={"ca": PUBLIC_CA, **{key: str(value) for key, value in sorted(found["meta"].items())}},
        user=str(login["user"]),
        kind=cast(LoginKind, login["kind"]),
        of=str(login["of"]),
    )


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host:
        raise ValueError(f"{text} is not host:port")
    return host, int(port)


def _entries(app: str, service: ManagedService) -> Iterator[Entry]:
    consul = names.consul_service(app, service.name)
    for number, (host, port) in enumerate(service.addresses, start=1):
        yield Entry(f"aws-{consul}", f"{consul}-{number}", consul, host, port, service.meta)
