"""The metadata service of EC2 at 169.254.169.254, for the machines of a bed: who they are is seen by their address.

IMDSv2 only, as launch templates of ours ask for it; answers live as many hops as the template says.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from tests.bed import lan
from tests.bed.lan import Lan

LONGEST_TOKEN = 21600
TTL_HEADER, TOKEN_HEADER = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token"
LIFE = timedelta(minutes=15)
STAMP = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Hold the temporary credentials of a role, as one instance has got them."""

    access_key: str
    secret_key: str
    token: str
    role: str
    instance: str
    expires: datetime


@dataclass(slots=True)
class Instance:
    """What an instance can learn of itself; `lifecycle` and `interruption` change while it lives."""

    id: str
    address: str
    zone: str
    region: str
    account: str
    type: str
    image: str
    role: str
    tags: Mapping[str, str] | None  # None: the template does not let them be read here
    hops: int
    lifecycle: str = "InService"
    interruption: str = ""
    credentials: Credentials | None = None

    def paths(self) -> dict[str, str]:
        """Return the texts by their paths."""
        texts = {
            "instance-id": self.id,
            "local-ipv4": self.address,
            "instance-type": self.type,
            "ami-id": self.image,
            "placement/availability-zone": self.zone,
            "placement/region": self.region,
            "iam/security-credentials/": self.role,
            "autoscaling/target-lifecycle-state": self.lifecycle,
        }
        if self.interruption:
            texts["spot/instance-action"] = json.dumps({"action": self.interruption, "time": _stamp()})
        for name, value in (self.tags or {}).items():
            texts[f"tags/instance/{name}"] = value
        return texts

    def document(self) -> str:
        """Return the identity document."""
        return json.dumps(
            {
                "accountId": self.account,
                "availabilityZone": self.zone,
                "imageId": self.image,
                "instanceId": self.id,
                "instanceType": self.type,
                "privateIp": self.address,
                "region": self.region,
            }
        )


@dataclass(slots=True)
class Metadata:
    """The instances by address, the sessions, and all credentials that were handed out."""

    instances: dict[str, Instance] = field(default_factory=dict)
    given: dict[str, Credentials] = field(default_factory=dict)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def open_session(self, address: str, seconds: int) -> str:
        """Return a token for the address."""
        token = secrets.token_urlsafe(24)
        self.tokens[token] = (address, time.monotonic() + seconds)
        return token

    def may_ask(self, address: str, token: str) -> bool:
        """Tell whether the token is the address's own and still good."""
        owner, end = self.tokens.get(token, ("", 0.0))
        return owner == address and time.monotonic() < end

    def credentials(self, instance: Instance) -> Credentials:
        """Return credentials of the instance's role that are good for a while; new ones before the old ones end."""
        with self.lock:
            held = instance.credentials
            if held is None or held.expires - datetime.now(UTC) < LIFE / 3:
                held = _new_credentials(instance)
                instance.credentials = self.given[held.access_key] = held
        return held

    def answer(self, instance: Instance, path: str) -> str | None:
        """Return the text at the path, None if there is none."""
        if path == "dynamic/instance-identity/document":
            return instance.document()
        wanted = path.removeprefix("meta-data/")
        if wanted == f"iam/security-credentials/{instance.role}":
            return _as_json(self.credentials(instance))
        texts = instance.paths()
        return texts.get(wanted, texts.get(f"{wanted}/"))


@contextmanager
def serving(network: Lan) -> Iterator[Metadata]:
    """Answer the machines of the network at the service's own address, which is led here while this lasts."""
    metadata = Metadata()

    class Here(_Handler):
        service = metadata

    server = ThreadingHTTPServer((network.gateway, lan.METADATA_PORT), Here)
    Thread(target=server.serve_forever, daemon=True).start()
    lan.lead_metadata_here(network)
    try:
        yield metadata
    finally:
        lan.leave_metadata(network)
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    service: Metadata
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        asked = self.headers.get(TTL_HEADER, "")
        if self._instance() is None or self.path != "/latest/api/token":
            self._reply(HTTPStatus.NOT_FOUND)
        elif "X-Forwarded-For" in self.headers:
            self._reply(HTTPStatus.FORBIDDEN)  # a proxy that can be made to ask is not an instance
        elif not asked.isdigit() or not 1 <= int(asked) <= LONGEST_TOKEN:
            self._reply(HTTPStatus.BAD_REQUEST)
        else:
            self._reply(HTTPStatus.OK, self.service.open_session(self.client_address[0], int(asked)), asked)

    def do_GET(self) -> None:
        instance = self._instance()
        if instance is None or not self.path.startswith("/latest/"):
            self._reply(HTTPStatus.NOT_FOUND)
        elif not self.service.may_ask(self.client_address[0], self.headers.get(TOKEN_HEADER, "")):
            self._reply(HTTPStatus.UNAUTHORIZED)
        else:
            text = self.service.answer(instance, self.path.removeprefix("/latest/"))
            self._reply(HTTPStatus.NOT_FOUND if text is None else HTTPStatus.OK, text or "")

    def _instance(self) -> Instance | None:
        found = self.service.instances.get(self.client_address[0])
        if found:
            self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, found.hops)
        return found

    def _reply(self, status: HTTPStatus, text: str = "", ttl: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text.encode())))
        if ttl:
            self.send_header(TTL_HEADER, ttl)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing: every machine asks every five seconds."""


def _new_credentials(instance: Instance) -> Credentials:
    key = "ASIA" + secrets.token_hex(8).upper()
    end = datetime.now(UTC) + LIFE
    secret, token = secrets.token_urlsafe(30), secrets.token_urlsafe(120)
    return Credentials(key, secret, token, instance.role, instance.id, end)


def _as_json(held: Credentials) -> str:
    return json.dumps(
        {
            "Code": "Success",
            "LastUpdated": _stamp(),
            "Type": "AWS-HMAC",
            "AccessKeyId": held.access_key,
            "SecretAccessKey": held.secret_key,
            "Token": held.token,
            "Expiration": held.expires.strftime(STAMP),
        },
        indent=2,  # as the real one: a line each
    )


def _stamp() -> str:
    return datetime.now(UTC).strftime(STAMP)
