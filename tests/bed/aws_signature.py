"""Check the signature of a request to AWS with botocore, as AWS would."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.bed.metadata import Credentials

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<signed>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
TOLERANCE = timedelta(minutes=5)
UNSIGNED = "UNSIGNED-PAYLOAD"


class Refused(Exception):
    """Say with AWS's own code why a request is not taken."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the signature is for."""

    credentials: Credentials
    region: str
    service: str


def check(
    method: str, url: str, headers: Mapping[str, str], body: bytes, given: Mapping[str, Credentials]
) -> Scope:
    """Return who has signed what for; raises Refused. Names of `headers` are in lower case."""
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not found:
        raise Refused("MissingAuthenticationToken")
    credentials = given.get(found["key"])
    if credentials is None or headers.get("x-amz-security-token") != credentials.token:
        raise Refused("InvalidClientTokenId")
    signed = found["signed"].split(";")
    if not {"host", "x-amz-date", "x-amz-security-token"} <= set(signed):
        raise Refused("IncompleteSignature")
    _check_time(headers["x-amz-date"], found["day"], credentials)
    _check_body(headers, body)
    scope = Scope(credentials, found["region"], found["service"])
    right = _signature(scope, method, url, {name: headers[name] for name in signed}, body)
    if not hmac.compare_digest(right, found["signature"]):
        raise Refused("SignatureDoesNotMatch")
    return scope


def _check_time(text: str, day: str, credentials: Credentials) -> None:
    now = datetime.now(UTC)
    at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if now > credentials.expires:
        raise Refused("ExpiredToken")
    if abs(now - at) > TOLERANCE or not text.startswith(day):
        raise Refused("RequestExpired")


def _check_body(headers: Mapping[str, str], body: bytes) -> None:
    said = headers.get("x-amz-content-sha256", UNSIGNED)
    if said not in (UNSIGNED, hashlib.sha256(body).hexdigest()):
        raise Refused("XAmzContentSHA256Mismatch")


def _signature(scope: Scope, method: str, url: str, headers: Mapping[str, str], body: bytes) -> str:
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as Keys

    held = scope.credentials
    kind = S3SigV4Auth if scope.service == "s3" else SigV4Auth
    signer = kind(Keys(held.access_key, held.secret_key, held.token), scope.service, scope.region)
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(text, request))
