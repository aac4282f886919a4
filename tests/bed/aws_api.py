"""The endpoints of AWS as instances reach them: HTTPS by name, each request signed by a role that may do what it asks.

What is right goes on to moto; every call is noted.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from hashistack.credentials.authority import Leaf, issue, new_authority
from tests.bed import aws_rights, aws_signature
from tests.bed.aws_rights import Action
from tests.bed.aws_signature import Refused, Scope
from tests.bed.metadata import Metadata
from tests.bed.moto import ACCOUNT, Moto

PORT = 443
DOMAIN = "amazonaws.com"
# Where the name of a service in a signature is not the one in a policy.
POLICY_NAMES = {"monitoring": "cloudwatch"}
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True, slots=True)
class Call:
    """Note one request: who asked what of which resource, and the status that was answered."""

    instance: str
    role: str
    action: str
    resource: str
    status: int
    parameters: Mapping[str, str]


@dataclass(slots=True)
class Api:
    """What the endpoints know; `files` are what anybody may get, by path."""

    aws: Moto
    region: str
    metadata: Metadata
    files: dict[str, bytes] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    authority: str = ""

    def of(self, action: str) -> list[Call]:
        """Return the calls of one action, in order."""
        return [call for call in self.calls if call.action == action]


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@contextmanager
def serving(address: str, api: Api, folder: Path) -> Iterator[Api]:
    """Answer at the address while this lasts, with a certificate of a new authority: ``api.authority`` is its PEM."""
    names = (f"*.{api.region}.{DOMAIN}", f"*.s3.{api.region}.{DOMAIN}", f"*.dkr.ecr.{api.region}.{DOMAIN}")
    now = datetime.now(UTC)
    authority = new_authority("AWS of the test bed", now)
    leaf = issue(authority, Leaf("aws", names), now)
    api.authority = authority.certificate
    pem = folder / "aws-api.pem"
    pem.touch(mode=0o600)
    pem.write_text(leaf.certificate + leaf.key.reveal())

    class Here(_Handler):
        known = api

    server = ThreadingHTTPServer((address, PORT), Here)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    # The handshake is each connection's own thread's: one that never says a word would hold up all others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    known: Api
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = _Request(self.command, headers.get("host", ""), self.path, headers, body)
        file = self.known.files.get(self.path)
        if file is not None and self.command == "GET":
            self._reply(HTTPStatus.OK, {}, file)
            return
        try:
            scope, action = _checked(self.known, request)
        except Refused as refusal:
            self.known.refused.append(f"{self.client_address[0]} {self.path}: {refusal}")
            self._reply(HTTPStatus.FORBIDDEN, {}, _as_error(request, str(refusal)))
            return
        status, given, content = _pass_on(self.known.aws, request)
        who = scope.credentials
        parameters = _parameters(request)
        self.known.calls.append(
            Call(who.instance, who.role, action.name, action.resource, status, parameters)
        )
        self._reply(status, given, content)

    do_GET = do_POST = do_PUT = do_HEAD = _answer

    def _reply(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing; the calls are noted."""


def _checked(api: Api, request: _Request) -> tuple[Scope, Action]:
    url = f"https://{request.host}{request.path}"
    scope = aws_signature.check(request.method, url, request.headers, request.body, api.metadata.given)
    service = request.host.partition(".")[0]
    if scope.region != api.region or not f"{service}.".startswith(f"{scope.service}."):
        raise Refused("SignatureDoesNotMatch")  # signed for another endpoint
    action = _action(api, scope, request)
    if not aws_rights.may(api.aws.client("iam", api.region), scope.credentials.role, action):
        who = scope.credentials.role
        raise Refused(f"AccessDenied: {who} is not authorized to perform {action.name} on {action.resource}")
    return scope, action


def _action(api: Api, scope: Scope, request: _Request) -> Action:
    """Return what is asked for, in the words of policies."""
    here = f"{scope.region}:{ACCOUNT}"
    parameters = _parameters(request)
    match scope.service:
        case "s3":
            name = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "GetObject"}[request.method]
            return Action(f"s3:{name}", f"arn:aws:s3:::{urlsplit(request.path).path.lstrip('/')}")
        case "ssm":
            return Action(_target(request), f"arn:aws:ssm:{here}:parameter{parameters.get('Name', '')}")
        case "logs":
            group, stream = parameters.get("logGroupName", ""), parameters.get("logStreamName", "")
            return Action(_target(request), f"arn:aws:logs:{here}:log-group:{group}:log-stream:{stream}")
        case "autoscaling":
            group = parameters.get("AutoScalingGroupName", "")
            resource = f"arn:aws:autoscaling:{here}:autoScalingGroup:any:autoScalingGroupName/{group}"
            return Action(f"autoscaling:{parameters['Action']}", resource)
        case service:
            name = f"{POLICY_NAMES.get(service, service)}:{parameters.get('Action', '')}"
            context = {"cloudwatch:namespace": parameters.get("Namespace", "")}
            return Action(name if "Action" in parameters else _target(request), "*", context)


def _target(request: _Request) -> str:
    """Return the action of a request in JSON: ``AmazonSSM.GetParameter`` is ``ssm:GetParameter``."""
    prefix, _, name = request.headers.get("x-amz-target", "").partition(".")
    services = {"AmazonSSM": "ssm", "Logs_20140328": "logs", "AmazonEC2ContainerRegistry_V20150921": "ecr"}
    return f"{services.get(prefix, prefix)}:{name}"


def _parameters(request: _Request) -> dict[str, str]:
    if "x-amz-target" in request.headers:
        return {name: str(value) for name, value in json.loads(request.body or b"{}").items()}
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    return {}


def _pass_on(aws: Moto, request: _Request) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=60)
    try:
        connection.request(request.method, request.path, request.body, dict(request.headers))
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
    return answer.status, kept, content


def _as_error(request: _Request, why: str) -> bytes:
    code, _, words = why.partition(": ")
    if "x-amz-target" in request.headers:
        kind = f"{code}Exception" if code == "AccessDenied" else code
        return json.dumps({"__type": kind, "message": words or code}).encode()
    error = f"<Error><Code>{code}</Code><Message>{words or code}</Message></Error>"
    return f"<Response><Errors>{error}</Errors></Response>".encode()
