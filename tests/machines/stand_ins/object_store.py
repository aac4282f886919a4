"""What an app and an intruder have of the object storage: S3 over HTTPS, and the ports of its parts."""

from __future__ import annotations

import hashlib
import http.client
import random
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.machines.stand_ins.site import StandIns

SERVICE = "uploads"
BUCKET = "uploads"
VERSIONED = "drafts"
MIB = 1 << 20
TRIES = 40
# As the README of object storage has apps do it: tries for longer than a new leading master takes no writes.
_PATIENT = Config(retries={"mode": "standard", "max_attempts": 10}, connect_timeout=3, read_timeout=20)
_ONCE = Config(retries={"max_attempts": 0}, connect_timeout=3, read_timeout=20)


@dataclass(frozen=True, slots=True)
class Login:
    """A pair of keys."""

    access: str
    secret: str


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The object storage of the site, for the app."""

    site: StandIns

    @property
    def app(self) -> Login:
        """Return the app's keys."""
        items = self.site.secret(SERVICE)
        return Login(items["access_key"], items["secret_key"])

    def client(
        self, login: Login | None = None, address: tuple[str, int] | None = None, config: Config = _PATIENT
    ) -> Any:
        """Return a client of S3, at the first gateway that is healthy."""
        keys = login or self.app
        host, port = address or self.site.healthy(SERVICE)[0]
        return boto3.client(
            "s3",
            endpoint_url=f"https://{host}:{port}",
            region_name="us-east-1",
            aws_access_key_id=keys.access,
            aws_secret_access_key=keys.secret,
            verify=str(self.site.authority(SERVICE)),
            config=config,
        )

    def ask(self, url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
        """Send one request without any login but what the URL holds; return the status and the body."""
        connection = self.connection(url)
        parts = urlsplit(url)
        try:
            connection.request(method, f"{parts.path}?{parts.query}", body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def connection(self, url: str) -> http.client.HTTPSConnection:
        """Return a connection to the gateway of the URL, held against the service's authority."""
        context = ssl.create_default_context(cafile=str(self.site.authority(SERVICE)))
        return http.client.HTTPSConnection(urlsplit(url).netloc, timeout=30, context=context)

    def ports(self) -> dict[str, int]:
        """Return every port of a node by its name."""
        job = self.site.api(f"/v1/job/{self.site.job(SERVICE)}")
        network = job["TaskGroups"][0]["Networks"][0]
        return {port["Label"]: port["Value"] for port in network["ReservedPorts"]}


class Writer:
    """An app that writes objects of 64 MiB in parts and goes to another gateway when one does not answer."""

    def __init__(self, store: ObjectStore) -> None:
        """Remember nothing yet: `sums` are the checksums of what was acknowledged, by key."""
        self.store, self.login = store, store.app
        self.addresses = store.site.healthy(SERVICE)
        self.sums: dict[str, str] = {}
        self.longest = 0.0

    def write(self, number: int) -> None:
        """Write one object until it is acknowledged."""
        key, content, started = f"large/{number:02}", payload(number), time.monotonic()
        self._until_done(lambda client: _upload(client, key, content))
        self.longest = max(self.longest, time.monotonic() - started)
        self.sums[key] = hashlib.sha256(content).hexdigest()

    def damaged(self) -> list[str]:
        """Return the keys of acknowledged objects that are not what was written."""
        return [key for key, written in self.sums.items() if self._sum(key) != written]

    def _sum(self, key: str) -> str:
        content = self._until_done(lambda client: client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        return hashlib.sha256(content).hexdigest()

    def _until_done(self, act: Any) -> Any:
        for attempt in range(TRIES):
            address = self.addresses[attempt % len(self.addresses)]
            try:
                return act(self.store.client(self.login, address, _ONCE))
            except (BotoCoreError, ClientError) as error:
                last = error
                time.sleep(1)
        raise last


def payload(number: int) -> bytes:
    """Return the content of one object: 64 MiB that no compression makes smaller."""
    return random.Random(number).randbytes(64 * MIB)


def _upload(client: Any, key: str, content: bytes, part: int = 16 * MIB) -> None:
    upload = client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    parts = []
    for number, start in enumerate(range(0, len(content), part), 1):
        body = content[start : start + part]
        done = client.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": done["ETag"]})
    client.complete_multipart_upload(
        Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
    )
