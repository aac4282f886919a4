"""An account of AWS as it is asked: clients of one region, and errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hashistack.diagnostics import BackendError, Diagnostic
from hashistack.messages import aws as messages

_STALE = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedException",
    "UnauthorizedOperation",
}
# A validation error of AWS repeats the value that it does not like, and it may be a secret.
_VALUE = re.compile(r"Value '.*' at '", re.DOTALL)


@dataclass(slots=True)
class Aws:
    """One region of whichever account the credentials are of; nothing is asked until a client is used."""

    region: str
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return boto3's client of a service; the same one each time."""
        if service not in self._clients:
            self._clients[service] = _client(service, self.region)
        return self._clients[service]

    def account(self) -> str:
        """Return the number of the account."""
        with explained("asking whose these credentials are"):
            return str(self.client("sts").get_caller_identity()["Account"])


def code(error: BaseException) -> str:
    """Return AWS's code of an error, "" if it is none of AWS's own."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Raise `BackendError` instead of whatever boto3 raises inside; `doing` completes "AWS refused …"."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ResponseParserError:  # its text is what came instead, often the page of a proxy
        raise BackendError(messages.unreachable(doing, "what answers is not AWS")) from None
    except ClientError as error:
        raise BackendError(_refusal(doing, error)) from None
    except BotoCoreError as error:
        raise BackendError(_trouble(doing, error)) from None


def _client(service: str, region: str) -> Any:
    import boto3
    from botocore.config import Config

    with explained(f"opening {service}"):
        patience = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10)
        try:
            return boto3.Session(region_name=region).client(service, config=patience)
        except ValueError as error:  # AWS_ENDPOINT_URL is no address
            raise BackendError(messages.unreachable(f"opening {service}", str(error))) from None


def _refusal(doing: str, error: Any) -> Diagnostic:
    text = _VALUE.sub("Value at '", str(error.response["Error"].get("Message") or code(error)))
    if code(error) in _STALE:
        return messages.expired_credentials(text)
    if code(error) in _DENIED:
        return messages.denied(doing, text)
    return messages.refused(doing, f"{code(error)}: {text}")


def _trouble(doing: str, error: Exception) -> Diagnostic:
    from botocore import exceptions as of

    match error:
        case of.NoCredentialsError() | of.PartialCredentialsError() | of.ProfileNotFound():
            return messages.no_credentials(str(error))
        case of.SSOError() | of.CredentialRetrievalError() | of.TokenRetrievalError():
            return messages.expired_credentials(str(error))
        case of.ParamValidationError():  # its text has the values
            return messages.refused(doing, "a value has a form that AWS does not take")
        case of.HTTPClientError() | of.ConnectionError():
            return messages.unreachable(doing, str(error))
        case _:
            return messages.refused(doing, str(error))
