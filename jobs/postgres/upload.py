"""Write standard input to an S3 bucket in parts, and remove all but the newest backups there.

With nothing but Python's own library, for that is what every image with Patroni has. The input ends with the word
`complete`, which is not stored: without it the input broke off, and nothing of it stays. Requests are signed as AWS
documents it (Signature Version 4). The environment has S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY,
S3_SECRET_KEY, PREFIX and KEEP.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

PART = 32 << 20  # bytes; S3 takes 10,000 parts, so that a backup may have 320 GB
ATTEMPTS = 5
SECONDS = 60
MARK = b"complete"
AUTHORITY = Path("/secrets/storage-ca.pem")  # empty where the storage's authority is one that everybody knows
SERVER_ERROR = 500


class UploadError(Exception):
    """Say why there is no backup."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the storage said."""

    status: int
    etag: str
    body: bytes

    def texts(self, name: str) -> list[str]:
        """Return the texts of the elements of that name in the XML document."""
        elements = ElementTree.fromstring(self.body.strip()).iter()  # noqa: S314 - of the storage that keeps all backups
        return [element.text or "" for element in elements if element.tag.rpartition("}")[2] == name]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and the key that opens it."""

    endpoint: str
    region: str
    name: str
    access_key: str
    secret_key: str = field(repr=False)

    def ask(self, method: str, key: str, query: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request, again while the storage does not answer; raises UploadError."""
        for attempt in range(ATTEMPTS):
            try:
                answer = self._ask_once(method, key, query, body)
            except (OSError, http.client.HTTPException) as error:
                why = str(error)
            else:
                if answer.status < http.client.MULTIPLE_CHOICES:
                    return answer
                why = f"{answer.status} {answer.body.decode(errors='replace')}"
                if answer.status < SERVER_ERROR:
                    break
            time.sleep(2**attempt)
        raise UploadError(f"{method} {self.endpoint}/{self.name}/{key}: {why}")

    def _ask_once(self, method: str, key: str, query: Mapping[str, str], body: bytes) -> Answer:
        host = urlsplit(self.endpoint).netloc
        path = quote(f"/{self.name}/{key}".rstrip("/"))
        words = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(query.items()))
        connection = _connection(self.endpoint)
        try:
            connection.request(
                method, f"{path}?{words}", body, self._signed(method, host, path, words, _hash(body))
            )
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers.get("ETag", ""), answer.read())
        finally:
            connection.close()

    def _signed(self, method: str, host: str, path: str, words: str, content: str) -> dict[str, str]:
        """Return the headers of a request, with the signature that covers them and all else."""
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {"host": host, "x-amz-content-sha256": content, "x-amz-date": moment}
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        names = ";".join(headers)
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        request = _hash("\n".join((method, path, words, lines, names, content)).encode())
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{request}"
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        credential = f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}"
        headers["authorization"] = f"{credential}, SignedHeaders={names}, Signature={signature}"
        return headers


def main() -> int:
    """Store the backup under the time that it is now, then remove old ones."""
    env = os.environ
    names = ("S3_ENDPOINT", "S3_REGION", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    bucket = Bucket(*(env[name] for name in names))
    key = env["PREFIX"] + time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime()) + ".sql.gz"
    try:
        size = store(bucket, key, sys.stdin.buffer)
        sys.stdout.write(f"{bucket.name}/{key}: {size} bytes\n")
        for old in backups(bucket, env["PREFIX"])[: -int(env["KEEP"])]:
            bucket.ask("DELETE", old, {})
            sys.stdout.write(f"{bucket.name}/{old}: removed\n")
    except UploadError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def store(bucket: Bucket, key: str, stream: BinaryIO) -> int:
    """Store the stream as one object, which is there only when all of it came, and return its size in bytes."""
    upload = bucket.ask("POST", key, {"uploads": ""}).texts("UploadId")[0]
    try:
        etags, size = [], 0
        for number, part in enumerate(parts(stream), 1):
            query = {"partNumber": str(number), "uploadId": upload}
            etags.append(bucket.ask("PUT", key, query, part).etag)
            size += len(part)
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
            for number, etag in enumerate(etags, 1)
        )
        document = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        done = bucket.ask("POST", key, {"uploadId": upload}, document)
        if not done.texts("ETag"):  # S3 may say 200 first, and then that it failed
            raise UploadError(f"{key} was not put together: {done.body.decode(errors='replace')}")
    except UploadError:
        bucket.ask("DELETE", key, {"uploadId": upload})
        raise
    return size


def parts(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream in parts without the mark at its end; raises UploadError if that is not there."""
    held = b""
    while chunk := stream.read(PART):
        held += chunk
        if len(held) > PART + len(MARK):
            yield held[:PART]
            held = held[PART:]
    if not held.endswith(MARK):
        raise UploadError("the backup broke off, nothing was stored")
    yield held.removesuffix(MARK)


def backups(bucket: Bucket, prefix: str) -> list[str]:
    """Return the keys of all backups, the oldest first."""
    found: list[str] = []
    query = {"list-type": "2", "prefix": prefix}
    while True:
        answer = bucket.ask("GET", "", query)
        found += [key for key in answer.texts("Key") if key.endswith(".sql.gz")]
        more = answer.texts("NextContinuationToken")
        if not more:
            return sorted(found)
        query["continuation-token"] = more[0]


def _connection(endpoint: str) -> http.client.HTTPConnection:
    url = urlsplit(endpoint)
    if url.scheme == "http":
        return http.client.HTTPConnection(url.netloc, timeout=SECONDS)
    authority = AUTHORITY if AUTHORITY.read_text().strip() else None
    context = ssl.create_default_context(cafile=authority)
    return http.client.HTTPSConnection(url.netloc, timeout=SECONDS, context=context)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _quoted(text: str) -> str:
    return quote(text, safe="")


if __name__ == "__main__":
    sys.exit(main())
