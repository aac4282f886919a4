"""A server on the loopback that answers each path as told: for what asks several things in a row."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from hashistack.backends.endpoint import Endpoint, Product


class Turns(list[Any]):
    """Answers one after another."""


@dataclass
class Answers:
    """Answers by path below /v1/, to a change by method and path; a pair is a status and a body.

    `Turns` have an answer for each time that they are asked. What was changed is in `changes`.
    """

    url: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    changes: list[tuple[str, str, Any]] = field(default_factory=list)

    def endpoint(self, product: Product) -> Endpoint:
        return Endpoint(product, self.url)


@contextmanager
def answering() -> Iterator[Answers]:
    told = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(told.given.get(self._path(), (404, "resource not found")))

        def do_PUT(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            told.changes.append(
                (self.command, self.path.removeprefix("/v1/"), json.loads(body) if body else None)
            )
            self._answer(told.given.get(f"{self.command} {self._path()}", {}))

        do_POST = do_DELETE = do_PUT

        def _path(self) -> str:
            return urlsplit(self.path).path.removeprefix("/v1/")

        def _answer(self, answer: Any) -> None:
            if isinstance(answer, Turns):
                answer = answer.pop(0)
            status, body = answer if isinstance(answer, tuple) else (200, answer)
            text = body if isinstance(body, str) else json.dumps(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
