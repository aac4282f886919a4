"""The servers of a secured cluster, asked with the operator's credentials at whichever addresses lead to them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from hashistack.backends import ports
from hashistack.backends.api import Api
from hashistack.backends.credentials import CredentialsFolder
from hashistack.backends.endpoint import Endpoint
from hashistack.credentials.values import Secrets
from hashistack.diagnostics import BackendError, HashistackError
from hashistack.messages import credentials as credentials_messages
from hashistack.messages import hosts as messages
from hashistack.model import Stack

NOMAD_PORT = 4646
CONSUL_PORT = 8501
_FAILURES = 400
_PATIENCE = 3.0  # seconds for the first answer; a machine that is off gives none


@dataclass(frozen=True, slots=True)
class Bases:
    """The addresses of both APIs, one for each server; the names that certificates must have, None: the address."""

    nomad: tuple[str, ...]
    consul: tuple[str, ...]
    nomad_name: str | None = None
    consul_name: str | None = None


def on_hosts(stack: Stack) -> Bases:
    """Return where the servers of machines of one's own answer."""
    addresses = [host.address for host in stack.environment.hosts if "server" in host.roles]
    return Bases(
        tuple(f"https://{address}:{NOMAD_PORT}" for address in addresses),
        tuple(f"https://{address}:{CONSUL_PORT}" for address in addresses),
    )


def nomad_servers(bases: Bases, folder: CredentialsFolder, secrets: Secrets) -> tuple[Endpoint, ...]:
    """Return Nomad's API on every server; its listener asks for no client certificate, tokens say who may what."""
    base = Endpoint(
        "Nomad",
        "",
        token=secrets.nomad_management,
        region="global",
        verify=str(folder.authority),
        server_name=bases.nomad_name,
    )
    return tuple(replace(base, url=url) for url in bases.nomad)


def consul_servers(bases: Bases, folder: CredentialsFolder, secrets: Secrets) -> tuple[Endpoint, ...]:
    """Return Consul's API on every server; it wants the operator's certificate besides the token."""
    certificate, key = folder.operator
    if not (certificate.exists() and key.exists()):
        raise HashistackError(credentials_messages.operator_missing(str(folder.path)))
    base = Endpoint(
        "Consul",
        "",
        token=secrets.consul_management,
        verify=str(folder.authority),
        cert=(str(certificate), str(key)),
        server_name=bases.consul_name,
    )
    return tuple(replace(base, url=url) for url in bases.consul)


def first_answering(endpoints: Sequence[Endpoint], *, patience: float = _PATIENCE) -> Endpoint:
    """Return the first of the endpoints that answers, preferring those that know a leader.

    Raises BackendError if none answers within `patience` seconds.
    """
    with ThreadPoolExecutor(max_workers=len(endpoints)) as pool:
        leaders = list(pool.map(lambda each: _leader(each, patience), endpoints))
    answering = [
        (endpoint, leader) for endpoint, leader in zip(endpoints, leaders, strict=True) if leader is not None
    ]
    if not answering:
        urls = [endpoint.url for endpoint in endpoints]
        raise BackendError(messages.api_silent(endpoints[0].product, urls))
    return next((endpoint for endpoint, leader in answering if leader), answering[0][0])


def listens(endpoint: Endpoint) -> bool:
    """Tell whether anybody takes connections at an address."""
    return ports.listens(endpoint.host, endpoint.port, _PATIENCE)


def knows_leader(endpoint: Endpoint) -> bool:
    """Tell whether a server answers and has a leader."""
    return bool(_leader(endpoint, _PATIENCE))


def _leader(endpoint: Endpoint, patience: float) -> str | None:
    """Return the leader that a server names, "" if it knows none; None if it does not answer at all."""
    try:
        status, text = Api(endpoint, patience).attempt("get", "status/leader")
    except BackendError:
        return None
    return text.strip().strip('"') if status < _FAILURES else ""
