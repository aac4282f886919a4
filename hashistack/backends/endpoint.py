"""Where the API of an agent is and how to prove who is asking, from the product's own environment variables."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from hashistack.diagnostics import BackendError
from hashistack.messages import agents, cluster
from hashistack.plan.sensitive import Sensitive

Product = Literal["Nomad", "Consul"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One HTTP API; `verify` and `cert` are what `requests` understands by these words."""

    product: Product
    url: str
    token: Sensitive | None = None
    namespace: str | None = None
    region: str | None = None
    verify: bool | str = True
    cert: tuple[str, str] | None = None
    server_name: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What a request shows to prove who is asking."""
        return {f"X-{self.product}-Token": self.token.reveal()} if self.token else {}

    @property
    def host(self) -> str:
        """The host part of the address, without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of the address; the product's own default if it names none."""
        return urlsplit(self.url).port or (4646 if self.product == "Nomad" else 8500)

    @property
    def secure(self) -> bool:
        """Whether the address asks for TLS."""
        return self.url.startswith("https://")

    @property
    def loopback(self) -> bool:
        """Whether the address is on this machine and on no network."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def nomad_endpoint(environ: Mapping[str, str]) -> Endpoint:
    """Read Nomad's own variables: NOMAD_ADDR, NOMAD_TOKEN, NOMAD_NAMESPACE, NOMAD_REGION, NOMAD_CACERT and so on."""
    return Endpoint(
        product="Nomad",
        url=_address("Nomad", environ.get("NOMAD_ADDR") or "http://127.0.0.1:4646"),
        token=_token(environ.get("NOMAD_TOKEN")),
        namespace=environ.get("NOMAD_NAMESPACE"),
        region=environ.get("NOMAD_REGION"),
        verify=_verify(environ, "NOMAD", _flag(environ.get("NOMAD_SKIP_VERIFY"), default=False)),
        cert=_pair(environ.get("NOMAD_CLIENT_CERT"), environ.get("NOMAD_CLIENT_KEY")),
        server_name=environ.get("NOMAD_TLS_SERVER_NAME"),
    )


def consul_endpoint(environ: Mapping[str, str]) -> Endpoint:
    """Read Consul's own variables: CONSUL_HTTP_ADDR (a scheme is optional), CONSUL_HTTP_TOKEN, CONSUL_CACERT …"""
    address = environ.get("CONSUL_HTTP_ADDR") or "127.0.0.1:8500"
    if "://" not in address:
        scheme = "https" if _flag(environ.get("CONSUL_HTTP_SSL"), default=False) else "http"
        address = f"{scheme}://{address}"
    token = environ.get("CONSUL_HTTP_TOKEN")
    token_file = environ.get("CONSUL_HTTP_TOKEN_FILE")
    if not token and token_file:
        token = _read_token(token_file)
    return Endpoint(
        product="Consul",
        url=_address("Consul", address),
        token=_token(token),
        verify=_verify(environ, "CONSUL", not _flag(environ.get("CONSUL_HTTP_SSL_VERIFY"), default=True)),
        cert=_pair(environ.get("CONSUL_CLIENT_CERT"), environ.get("CONSUL_CLIENT_KEY")),
        server_name=environ.get("CONSUL_TLS_SERVER_NAME"),
    )


def session(endpoint: Endpoint) -> Any:  # requests has no types of its own worth the import at module level
    """Open a `requests` session that trusts, and shows, what the endpoint says."""
    import requests
    from requests.adapters import HTTPAdapter

    class OwnTrust(requests.Session):
        """Let no REQUESTS_CA_BUNDLE of the environment displace the authority that the endpoint names."""

        def merge_environment_settings(self, *args: Any, **kwargs: Any) -> Any:
            return {**super().merge_environment_settings(*args, **kwargs), "verify": endpoint.verify}

    class NamedServer(HTTPAdapter):
        """Check the certificate against another name than the address; the *_TLS_SERVER_NAME variables ask for it."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(
                *args, **kwargs, server_hostname=endpoint.server_name, assert_hostname=endpoint.server_name
            )

    result = requests.Session() if endpoint.verify is True else OwnTrust()
    # A proxy of the environment must not see traffic to one's own agents.
    result.trust_env = not endpoint.loopback
    result.verify = endpoint.verify
    result.cert = endpoint.cert
    if endpoint.server_name:
        result.mount("https://", NamedServer())
    return result


def _address(product: Product, url: str) -> str:
    try:
        _ = urlsplit(url).port  # read only on demand, and only then checked
    except ValueError:
        raise BackendError(cluster.unsupported_address(product, url)) from None
    return url.rstrip("/")


def _read_token(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BackendError(agents.unreadable_token(file, error.strerror or str(error))) from None
    except UnicodeDecodeError:
        raise BackendError(agents.unreadable_token(file, "it is not text")) from None


def _token(value: str | None) -> Sensitive | None:
    return Sensitive(value) if value else None


def _flag(value: str | None, *, default: bool) -> bool:
    return default if not value else value.lower() in ("1", "t", "true")


def _pair(cert: str | None, key: str | None) -> tuple[str, str] | None:
    return (cert, key) if cert and key else None


def _verify(environ: Mapping[str, str], prefix: str, skip: bool) -> bool | str:
    if skip:
        return False
    return environ.get(f"{prefix}_CACERT") or environ.get(f"{prefix}_CAPATH") or True


def looks_like_tls_mismatch(text: str) -> bool:
    """Recognise the answer of a TLS port to plain HTTP, and the failure of TLS against a plain port."""
    known = ("HTTP request to an HTTPS server", "WRONG_VERSION_NUMBER", ssl.SSLError.__name__)
    return any(part in text for part in known)
