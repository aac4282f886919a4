"""How moto is asked: one request at a time, and one that a client repeats is answered as it was.

moto's models are plain dictionaries, which a thread may change while another walks over them. A client that got no
answer, or a 500, asks again, under the same id of its call; a rule or a machine that was made would be made twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from werkzeug.test import run_wsgi_app

from tests.bed.moto import REPEATED
from tests.bed.moto_answers import Method, instead

Application = Callable[..., Iterable[bytes]]
Answer = tuple[str, list[tuple[str, str]], bytes]  # status, headers, body

_CALL, _ATTEMPT = "HTTP_AMZ_SDK_INVOCATION_ID", "HTTP_AMZ_SDK_REQUEST"  # sent by all SDKs of AWS
_LOG = logging.getLogger("werkzeug")  # as every request


class Requests:
    """Answer what comes, and remember by the id of its call what was answered."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._answers: dict[str, Answer] = {}

    def answer(self, application: Application, environ: dict[str, Any]) -> Answer:
        """Return what the application answers; it is not asked twice for the same call unless it failed."""
        call = environ.get(_CALL, "")
        with self._turn:
            if known := self._answers.get(call):
                _LOG.warning("%s: %s, %s", REPEATED, call, environ.get(_ATTEMPT))
                return known
            body, status, headers = run_wsgi_app(application, environ, buffered=True)
            answer = (status, list(headers), b"".join(body))
            if call and not status.startswith("5"):
                self._answers[call] = answer
            return answer


_REQUESTS = Requests()


@instead(DomainDispatcherApplication, "__call__")
def _in_turn(
    original: Method, moto: Any, environ: dict[str, Any], start: Callable[..., Any]
) -> Iterator[bytes]:
    status, headers, body = _REQUESTS.answer(partial(original, moto), environ)
    start(status, headers)
    return iter([body])
