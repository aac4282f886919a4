"""A private image registry on loopback that serves one image, and only to whoever logs in.

Just enough of the distribution API (v2, schema 2 manifests) for a `docker pull`; Docker trusts 127.0.0.0/8 without TLS.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.bed.engine import Engine

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


@dataclass(slots=True)
class Registry:
    """A running registry; `refused` counts the requests without the right login."""

    address: str
    image: str
    refused: int = 0
    served: list[str] = field(default_factory=list)


@contextmanager
def serving(engine: Engine, image: str, tag: str, username: str, password: str) -> Iterator[Registry]:
    """Serve the engine's `image` as `<address>/private/app:<tag>` while the context lasts."""
    blobs, manifest = _contents(_saved(engine, image))
    wanted = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    registry = Registry("", "")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != wanted:
                registry.refused += 1
                return self._answer(
                    401, b"{}", "application/json", {"WWW-Authenticate": 'Basic realm="private"'}
                )
            name = self.path.rsplit("/", 1)[-1]
            if self.path == "/v2/":
                return self._answer(200, b"{}", "application/json", {})
            if "/manifests/" in self.path and name in (tag, _digest(manifest)):
                registry.served.append(name)
                return self._answer(200, manifest, MANIFEST, {"Docker-Content-Digest": _digest(manifest)})
            if "/blobs/" in self.path and name in blobs:
                return self._answer(200, blobs[name], "application/octet-stream", {})
            return self._answer(404, b"{}", "application/json", {})

        do_HEAD = do_GET

        def _answer(self, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output free of access logs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.address = f"127.0.0.1:{server.server_port}"
    registry.image = f"{registry.address}/private/app"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()


def _saved(engine: Engine, image: str) -> bytes:
    return subprocess.run(
        ["docker", "save", image], env=engine.environment(), capture_output=True, check=True
    ).stdout


def _contents(saved: bytes) -> tuple[dict[str, bytes], bytes]:
    """Return the blobs by digest and the manifest of what `docker save` wrote."""
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        files = {member.name: _read(archive, member) for member in archive.getmembers() if member.isfile()}
    listed = json.loads(files["manifest.json"])[0]
    config, layers = files[listed["Config"]], [files[name] for name in listed["Layers"]]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(CONFIG, config),
        "layers": [_descriptor(LAYER, layer) for layer in layers],
    }
    return {_digest(blob): blob for blob in (config, *layers)}, json.dumps(manifest).encode()


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def _descriptor(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "size": len(blob), "digest": _digest(blob)}


def _digest(blob: bytes) -> str:
    return "sha256:" + hashlib.sha256(blob).hexdigest()
