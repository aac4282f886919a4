"""Turn the errors of third-party clients into what the user can act upon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from hashistack.backends.endpoint import Endpoint, looks_like_tls_mismatch
from hashistack.diagnostics import BackendError, Diagnostic
from hashistack.messages import cluster as messages

_LONGEST_ANSWER = 600


@contextmanager
def explained(endpoint: Endpoint, doing: str) -> Iterator[None]:
    """Raise `BackendError` instead of whatever a client raises inside; `doing` completes "refused (...)"."""
    import consul
    import nomad.api.exceptions as nomad_errors
    import requests

    try:
        yield
    except nomad_errors.BaseNomadException as error:
        raise _from_answer(endpoint, doing, error.nomad_resp) from error
    except consul.ACLPermissionDenied as error:
        raise BackendError(messages.denied(endpoint.product, doing, endpoint.token is not None)) from error
    except consul.ConsulException as error:
        raise BackendError(from_text(endpoint, doing, str(error))) from error
    except json.JSONDecodeError as error:
        raise BackendError(stranger(endpoint, doing)) from error
    except requests.RequestException as error:
        raise BackendError(_from_transport(endpoint, doing, error)) from error


def _from_answer(endpoint: Endpoint, doing: str, answer: object) -> BackendError:
    import requests

    if isinstance(answer, requests.Response):
        return BackendError(from_status(endpoint, doing, answer.status_code, answer.text))
    if isinstance(answer, Exception):
        return BackendError(_from_transport(endpoint, doing, answer))
    return BackendError(messages.rejected(endpoint.product, doing, str(answer)))


def from_status(endpoint: Endpoint, doing: str, status: int, text: str) -> Diagnostic:
    """Explain an HTTP answer that is not a success."""
    forbidden = (401, 403)
    if status in forbidden:
        return messages.denied(endpoint.product, doing, endpoint.token is not None)
    return from_text(endpoint, doing, text)


def from_text(endpoint: Endpoint, doing: str, text: str) -> Diagnostic:
    """Explain the body of an error answer."""
    if looks_like_tls_mismatch(text):
        return messages.tls_mismatch(endpoint.product, endpoint.url, "the server wants https")
    if "No cluster leader" in text:
        return messages.no_leader(endpoint.product)
    return messages.rejected(endpoint.product, doing, text.strip()[:_LONGEST_ANSWER])


def stranger(endpoint: Endpoint, doing: str) -> Diagnostic:
    """Explain an answer that the product never gives."""
    return messages.rejected(
        endpoint.product, doing, f"what answers at {endpoint.url} does not look like {endpoint.product}"
    )


def _from_transport(endpoint: Endpoint, doing: str, error: Exception) -> Diagnostic:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return messages.tls_mismatch(endpoint.product, endpoint.url, _innermost(error))
    if isinstance(error, requests.exceptions.Timeout):
        return messages.timed_out(endpoint.product, endpoint.url, doing)
    if isinstance(error, requests.exceptions.ConnectionError):
        return messages.not_running(endpoint.product, endpoint.url)
    if isinstance(error, (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)):
        return messages.unsupported_address(endpoint.product, endpoint.url)
    return messages.rejected(endpoint.product, doing, _innermost(error))


def _innermost(error: Exception) -> str:
    text = str(error)
    for known in ("WRONG_VERSION_NUMBER", "CERTIFICATE_VERIFY_FAILED", "CERTIFICATE_REQUIRED"):
        if known in text:
            return known.lower().replace("_", " ")
    return text[:_LONGEST_ANSWER]
