"""The script that writes backups to object storage, against a small bucket that checks signatures with botocore."""

from __future__ import annotations

import importlib.util
import io
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SCRIPT = Path(__file__).parents[3] / "jobs" / "postgres" / "upload.py"
KEY, SECRET, REGION = "access", "s3cret", "eu-west-1"
LATE = '\n\n<?xml version="1.0"?>'  # S3 keeps the connection alive by empty lines while it works
DOCUMENT = '<R xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{}</R>'


@pytest.fixture(scope="module", name="upload")
def _upload() -> ModuleType:
    spec = importlib.util.spec_from_file_location("postgres_upload", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class Storage(ThreadingHTTPServer):
    """Keep objects in a dictionary; `broken` requests are answered with 503 first.

    One that `refuses` says 200, and then that it could not put the parts together: so may S3.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.broken = 0
        self.refuses = False
        self.open_uploads = 0


class Handler(BaseHTTPRequestHandler):
    server: Storage

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.broken:
            self.server.broken -= 1
            return self._say(503, "slow down")
        if not _is_signed(self, body):
            return self._say(403, "SignatureDoesNotMatch")
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        name = url.path.removeprefix("/uploads").lstrip("/")
        return self._act(name, query, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_any

    def _act(self, name: str, query: dict[str, str], body: bytes) -> None:
        storage = self.server
        match self.command:
            case "POST" if "uploads" in query:
                storage.open_uploads += 1
                self._say(200, DOCUMENT.format("<UploadId>u/1</UploadId>"))
            case "PUT":
                storage.parts[int(query["partNumber"])] = body
                self._say(200, "")
            case "POST" if storage.refuses:
                self._say(200, LATE + DOCUMENT.format("<Code>InternalError</Code>"))
            case "POST":
                assert body.count(b"<Part>") == len(storage.parts)
                storage.objects[name] = b"".join(storage.parts[number] for number in sorted(storage.parts))
                storage.open_uploads -= 1
                self._say(200, LATE + DOCUMENT.format("<ETag>of all</ETag>"))
            case "DELETE":
                storage.open_uploads -= "uploadId" in query
                storage.objects.pop(name, None)
                self._say(204, "")
            case _:
                self._list(query)

    def _list(self, query: dict[str, str]) -> None:
        """Show two keys at a time."""
        names = [name for name in sorted(self.server.objects) if name.startswith(query["prefix"])]
        start = int(query.get("continuation-token", "0"))
        keys = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in names[start : start + 2])
        more = f"<NextContinuationToken>{start + 2}</NextContinuationToken>" if names[start + 2 :] else ""
        self._say(200, DOCUMENT.format(keys + more))

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("ETag", f'"{len(self.server.parts)}"')
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def _is_signed(request: Handler, body: bytes) -> bool:
    """Tell whether botocore signs the same request in the same way."""
    names = ("x-amz-content-sha256", "x-amz-date", "host")
    headers = {name: request.headers[name] for name in names}
    again = AWSRequest(request.command, f"http://{headers['host']}{request.path}", headers=headers, data=body)
    again.context["timestamp"] = headers["x-amz-date"]
    auth = S3SigV4Auth(Credentials(KEY, SECRET), "s3", REGION)
    signature = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    return str(request.headers["authorization"]).endswith(f"Signature={signature}")


@pytest.fixture(name="storage")
def _storage() -> Iterator[Storage]:
    with Storage() as storage:
        thread = threading.Thread(target=storage.serve_forever)
        thread.start()
        yield storage
        storage.shutdown()
        thread.join()


@pytest.fixture(name="bucket")
def _bucket(upload: ModuleType, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(upload, "PART", 1000)
    return upload.Bucket(f"http://127.0.0.1:{storage.server_port}", REGION, "uploads", KEY, SECRET)


@pytest.mark.parametrize("size", [1, 991, 992, 999, 1000, 1001, 1008, 1009, 2500])
def test_all_of_the_input_arrives_without_its_mark(
    upload: ModuleType, storage: Storage, bucket: Any, size: int
) -> None:
    content = bytes(number % 251 for number in range(size))
    assert upload.store(bucket, "backups/a b.sql.gz", io.BytesIO(content + b"complete")) == size
    assert storage.objects == {"backups/a%20b.sql.gz": content}
    assert all(len(part) <= 1008 for part in storage.parts.values())


def test_input_that_breaks_off_leaves_nothing(upload: ModuleType, storage: Storage, bucket: Any) -> None:
    with pytest.raises(upload.UploadError, match="broke off"):
        upload.store(bucket, "backups/a.sql.gz", io.BytesIO(b"x" * 3000))
    assert storage.objects == {} and storage.open_uploads == 0


def test_a_storage_that_is_away_for_a_moment_is_asked_again(
    upload: ModuleType, storage: Storage, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload.time, "sleep", lambda seconds: None)
    storage.broken = 2
    upload.store(bucket, "backups/a.sql.gz", io.BytesIO(b"content" + b"complete"))
    assert storage.objects == {"backups/a.sql.gz": b"content"}


def test_what_could_not_be_put_together_is_not_stored(
    upload: ModuleType, storage: Storage, bucket: Any
) -> None:
    storage.refuses = True
    with pytest.raises(upload.UploadError, match="InternalError"):
        upload.store(bucket, "backups/a.sql.gz", io.BytesIO(b"content" + b"complete"))
    assert storage.open_uploads == 0


def test_a_wrong_key_is_told_at_once(upload: ModuleType, bucket: Any) -> None:
    other = upload.Bucket(bucket.endpoint, REGION, "uploads", KEY, "wrong")
    with pytest.raises(upload.UploadError, match="403 SignatureDoesNotMatch"):
        upload.store(other, "backups/a.sql.gz", io.BytesIO(b"complete"))
    assert "wrong" not in repr(other)


def test_backups_are_listed_oldest_first_over_several_answers(
    upload: ModuleType, storage: Storage, bucket: Any
) -> None:
    names = [f"backups/shop-db/2026-11-0{day}.sql.gz" for day in (3, 1, 5, 2, 4)]
    storage.objects = dict.fromkeys([*names, "backups/other/1.sql.gz", "backups/shop-db/note.txt"], b"")
    assert upload.backups(bucket, "backups/shop-db/") == sorted(names)
