"""The websocket to a command in a task: opened with what the endpoint trusts and shows, and ended."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hashistack.backends.endpoint import Endpoint, session

END = '{"stdin": {"close": true}}'
"""The message that ends a command's standard input."""

_CONNECT_SECONDS = 10.0
_RELEASE_SECONDS = 2.0
# A machine that is gone is noticed within three minutes while nothing is sent. What has been sent and nobody confirms
# the kernel gives up by itself, after a quarter of an hour. TCP_USER_TIMEOUT would make that shorter, and would also
# end the connection to a machine that lives and whose command is too busy to read (Linux: tcp_probe_timer).
_PROBES = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 8}


def opened(endpoint: Endpoint, allocation: str, asked: Mapping[str, str], silence: float) -> Any:
    """Open the connection to a command in an allocation; `asked` says which, `silence` how long it may be stuck."""
    import websocket

    where = {"namespace": endpoint.namespace, "region": endpoint.region}
    query = urlencode({**asked, **{name: value for name, value in where.items() if value}})
    address = endpoint.url.replace("http", "ws", 1)
    socket = websocket.create_connection(
        f"{address}/v1/client/allocation/{allocation}/exec?{query}",
        timeout=_CONNECT_SECONDS,
        header=[f"X-Nomad-Token: {endpoint.token.reveal()}"] if endpoint.token else [],
        suppress_origin=True,
        skip_utf8_validation=True,  # it would take longer than all the rest, and JSON is checked anyway
        # The client asks the environment for a proxy unless it is handed a socket; none must see one's own agents.
        socket=_direct(endpoint) if endpoint.loopback else None,
        sslopt=_sslopt(endpoint) if endpoint.secure else {},
    )
    socket.settimeout(silence)
    _watch(socket.sock)
    return socket


def _watch(plain: Any) -> None:
    """Let the kernel look whether the other side is still there."""
    import socket

    plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES.items():
        if hasattr(socket, name):  # Linux has all of them
            plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _sslopt(endpoint: Endpoint) -> dict[str, Any]:
    return {"context": _context(endpoint), "server_hostname": endpoint.server_name or endpoint.host}


def _direct(endpoint: Endpoint) -> Any:
    import socket

    plain = socket.create_connection((endpoint.host, endpoint.port), _CONNECT_SECONDS)
    if not endpoint.secure:
        return plain
    return _context(endpoint).wrap_socket(plain, server_hostname=endpoint.server_name or endpoint.host)


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    """Trust, and show, what the endpoint's `requests` session does."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    verify = session(endpoint).merge_environment_settings(endpoint.url, {}, None, None, None)["verify"]
    trusted = Path(DEFAULT_CA_BUNDLE_PATH if verify is True else verify or "")
    context = ssl.create_default_context(
        cafile=trusted if trusted.is_file() else None, capath=trusted if trusted.is_dir() else None
    )
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if endpoint.cert:
        context.load_cert_chain(*endpoint.cert)
    return context


def release(socket: Any) -> None:
    """End the standard input of a shell that waits for us, or reads; Nomad does not do it when we hang up."""
    from websocket import WebSocketException

    if not socket.lock.acquire(timeout=_RELEASE_SECONDS):
        return  # another thread is in the middle of a message that nobody takes
    socket.lock.release()
    with suppress(OSError, WebSocketException):
        socket.settimeout(_RELEASE_SECONDS)
        socket.send(END)


def hang_up(socket: Any) -> None:
    """Wake whoever reads."""
    import socket as sockets

    with suppress(OSError, AttributeError):
        socket.sock.shutdown(sockets.SHUT_RDWR)
