"""One documented HTTP API, for the calls that its Python client lacks."""

from __future__ import annotations

from typing import Any

from hashistack.backends.endpoint import Endpoint, session
from hashistack.backends.failures import explained, from_status
from hashistack.diagnostics import BackendError

_TIMEOUT = 10  # seconds for an answer
_FAILURES = 400
_NOT_FOUND = 404


class Api:
    """Nomad's or Consul's API below /v1/; every call raises `BackendError` when it is refused or cannot be made."""

    def __init__(self, endpoint: Endpoint, timeout: float = _TIMEOUT) -> None:
        self.endpoint = endpoint
        self._timeout = timeout
        self._session = session(endpoint)

    def get(self, path: str, **params: str) -> Any:
        """Return the JSON of a document; None if there is none."""
        response = self._call("get", path, params)
        if response.status_code == _NOT_FOUND:
            return None
        return self._checked(response, f"reading {path}").json()

    def put(self, path: str, body: object = None, **params: str) -> Any:
        """Change something and return the JSON of the answer, None if it is empty."""
        response = self._checked(self._call("put", path, params, body), f"changing {path}")
        return response.json() if response.content.strip().startswith((b"{", b"[", b'"')) else None

    def delete(self, path: str, **params: str) -> str:
        """Delete something and return the text of the answer; what is not there is fine, and has none."""
        response = self._call("delete", path, params)
        if response.status_code == _NOT_FOUND:
            return ""
        return str(self._checked(response, f"deleting {path}").text)

    def attempt(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Return the status and the text of an answer that may be a refusal."""
        response = self._call(method, path, {}, body)
        return response.status_code, response.text

    def _call(self, method: str, path: str, params: dict[str, str], body: object = None) -> Any:
        header = "X-Nomad-Token" if self.endpoint.product == "Nomad" else "X-Consul-Token"
        headers = {header: self.endpoint.token.reveal()} if self.endpoint.token else {}
        with explained(self.endpoint, f"{method} {path}"):
            return self._session.request(
                method,
                f"{self.endpoint.url}/v1/{path}",
                params=params,
                json=body,
                headers=headers,
                timeout=self._timeout,
            )

    def _checked(self, response: Any, doing: str) -> Any:
        if response.status_code >= _FAILURES:
            raise BackendError(from_status(self.endpoint, doing, response.status_code, response.text))
        return response
