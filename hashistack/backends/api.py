"""The HTTP API of Nomad or Consul: how it is asked, and what an answer means."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from hashistack.backends.endpoint import Endpoint, session
from hashistack.backends.failures import explained, from_status, stranger
from hashistack.backends.patience import asked_again
from hashistack.diagnostics import BackendError
from hashistack.plan.actual import Json

_TIMEOUT = 10.0  # seconds for an answer
_LATE = "HS404"
_FAILURES = 400
_NOT_FOUND = 404
# Of Nomad 1.11: "variable not found", "ACL policy not found"; "No path to node" and the like are 404 as well.
_NO_OBJECT = re.compile("(ACL )?[a-z -]+ not found")
# Of other servers, which do not know the path.
_NO_SUCH_PAGE = re.compile("(<.*|404 page not found)?", re.DOTALL)


class Api:
    """One product's API below /v1/, in the namespace and region of the endpoint.

    Every call raises `BackendError` when it is refused or cannot be made. What is only read is asked `asked_again`
    times more when nobody answers within `timeout` seconds: a change may have been made all the same.
    """

    def __init__(self, endpoint: Endpoint, timeout: float = _TIMEOUT, asked_again: int = 0) -> None:
        self.endpoint = endpoint
        self.session = session(endpoint)
        self._timeout = timeout
        self._asked_again = asked_again
        where = {"namespace": endpoint.namespace, "region": endpoint.region}
        self._where = {name: value for name, value in where.items() if value}

    # --- reading

    def get(self, path: str, **params: object) -> Any:
        """Return the JSON of a document; None if there is none."""
        response, doing = self._read(path, params), f"reading {path}"
        return None if self._is_absent(response) else self._json(response, doing)

    def one(self, path: str, **params: object) -> Json | None:
        """Return an object; None if there is none."""
        found = self.get(path, **params)
        return None if found is None else self._object(found, f"reading {path}")

    def listed(self, path: str, /, **params: object) -> list[Json]:
        """Return the objects of a list."""
        found = self._json(self._read(path, params), f"reading {path}") or []
        if not isinstance(found, list):
            raise BackendError(stranger(self.endpoint, f"reading {path}"))
        return found

    def watch(self, path: str, index: int, wait: int) -> tuple[int, Json | None]:
        """Return an object, None if there is none, with its index; block up to `wait` seconds while that is `index`."""
        response = self._read(path, {"index": index, "wait": f"{wait}s"}, self._timeout + 2 * wait)
        if self._is_absent(response):
            return index, None
        found: Json = self._json(response, f"reading {path}")
        return int(response.headers.get(f"X-{self.endpoint.product}-Index", 0)), found

    def content(self, path: str, **params: object) -> bytes:
        """Return the bytes of a document that is no JSON."""
        content: bytes = self._checked(self._read(path, params), f"reading {path}").content
        return content

    # --- changing

    def put(self, path: str, body: object = None, doing: str = "", **params: object) -> Any:
        """Change something and return the JSON of the answer, None if it is empty; `doing` says it in an error."""
        response, doing = self._ask("put", path, params, body), doing or f"changing {path}"
        return self._json(response, doing) if self._checked(response, doing).content.strip() else None

    def submit(self, path: str, body: object, doing: str) -> Json:
        """Hand something over and return the object that it is answered with."""
        return self._object(self._json(self._ask("put", path, {}, body), doing), doing)

    def delete(self, path: str, doing: str = "", **params: object) -> str:
        """Delete something and return the text of the answer; what is not there is fine, and has none."""
        response = self._ask("delete", path, params)
        if self._is_absent(response):
            return ""
        return str(self._checked(response, doing or f"deleting {path}").text)

    def attempt(self, method: str, path: str, body: object = None, **params: object) -> tuple[int, str]:
        """Return the status and the text of an answer that may be a refusal; ask once."""
        response = self._ask(method, path, params, body)
        return response.status_code, response.text

    # --- transport

    def _read(self, path: str, params: dict[str, object], timeout: float | None = None) -> Any:
        ask = partial(self._ask, "get", path, params, timeout=timeout)
        return asked_again(ask, _is_late, 1 + self._asked_again)

    def _ask(
        self,
        method: str,
        path: str,
        params: dict[str, object],
        body: object = None,
        timeout: float | None = None,
    ) -> Any:
        with explained(self.endpoint, f"{method} {path}"):
            return self.session.request(
                method,
                f"{self.endpoint.url}/v1/{path}",
                params={**self._where, **params},
                json=body,
                headers=self.endpoint.headers,
                timeout=timeout or self._timeout,
            )

    def _json(self, response: Any, doing: str) -> Any:
        self._checked(response, doing)
        with explained(self.endpoint, doing):
            return response.json()

    def _object(self, found: Any, doing: str) -> Json:
        if not isinstance(found, dict):
            raise BackendError(stranger(self.endpoint, doing))
        return found

    def _checked(self, response: Any, doing: str) -> Any:
        if response.status_code == _NOT_FOUND and _NO_SUCH_PAGE.fullmatch(response.text.strip()):
            raise BackendError(stranger(self.endpoint, doing))
        if response.status_code >= _FAILURES:
            raise BackendError(from_status(self.endpoint, doing, response.status_code, response.text))
        return response

    def _is_absent(self, response: Any) -> bool:
        """Tell whether there is no such object: Nomad says "job not found" and the like, Consul mostly nothing."""
        text = response.text.strip()
        if response.status_code != _NOT_FOUND:
            return False
        if self.endpoint.product == "Consul":
            return not text or _NO_SUCH_PAGE.fullmatch(text) is None
        return _NO_OBJECT.fullmatch(text) is not None


def _is_late(error: Exception) -> bool:
    return isinstance(error, BackendError) and error.diagnostics[0].code == _LATE
