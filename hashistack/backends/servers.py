"""The servers of a cluster of one's own machines, asked with the operator's credentials."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

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


def nomad_servers(stack: Stack, folder: CredentialsFolder, secrets: Secrets) -> tuple[Endpoint, ...]:
    """Return Nomad's API on every server; its listener asks for no client certificate, tokens say who may what."""
    base = Endpoint(
        "Nomad",
        "",
        token=secrets.nomad_management,
        region="global",
        verify=str(folder.authority),
    )
    return _everywhere(stack, base, NOMAD_PORT)


def consul_servers(stack: Stack, folder: CredentialsFolder, secrets: Secrets) -> tuple[Endpoint, ...]:
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
    )
    return _everywhere(stack, base, CONSUL_PORT)


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


def _everywhere(stack: Stack, base: Endpoint, port: int) -> tuple[Endpoint, ...]:
    servers = [host for host in stack.environment.hosts if "server" in host.roles]
    return tuple(replace(base, url=f"https://{host.address}:{port}") for host in servers)


def _leader(endpoint: Endpoint, patience: float) -> str | None:
    """Return the leader that a server names, "" if it knows none; None if it does not answer at all."""
    try:
        status, text = Api(endpoint, patience).attempt("get", "status/leader")
    except BackendError:
        return None
    return text.strip().strip('"') if status < _FAILURES else ""
