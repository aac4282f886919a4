"""The example application on this machine, driven by the real command line and looked at through the ingress."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.bed import images, network
from tests.bed.engine import Engine
from tests.local import api

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"
HOST = "shop.localhost"
ADMIN_HOST = "admin.shop.internal"


@dataclass(frozen=True, slots=True)
class Shop:
    """A folder with the shop's descriptor, and the world that `hashistack` sees when it runs in it."""

    folder: Path
    environ: dict[str, str]
    port: int
    internal_port: int

    @property
    def nomad(self) -> str:
        return self.environ["NOMAD_ADDR"]

    @property
    def consul(self) -> str:
        return self.environ["CONSUL_HTTP_ADDR"]

    def run(self, *arguments: str, stdin: str = "", seconds: float = 400) -> subprocess.CompletedProcess[str]:
        """Run one command line of hashistack to its end."""
        command = [sys.executable, "-m", "hashistack", *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def up(self, version: str, *more: str) -> subprocess.CompletedProcess[str]:
        secret = self.folder / "secrets.env"
        return self.run("up", "-e", "laptop", "--version", version, "--secrets-file", str(secret), *more)

    def change(self, **keys: Any) -> None:
        """Change top-level keys of the descriptor; a mapping is merged into what is there."""
        path = self.folder / "hashistack.yaml"
        descriptor = yaml.safe_load(path.read_text())
        for name, value in keys.items():
            if isinstance(value, dict):
                descriptor[name] = {**descriptor.get(name, {}), **value}
            else:
                descriptor[name] = value
        path.write_text(yaml.safe_dump(descriptor))

    def ask(
        self, path: str, host: str = HOST, method: str = "GET", port: int | None = None
    ) -> tuple[int, Any]:
        """Send one request to the ingress and return the status and the JSON document, or the text."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=15)
        try:
            connection.request(method, path, headers={"Host": host})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except json.JSONDecodeError:
            return answer.status, text

    def allocations(self, job: str, group: str | None = None) -> list[dict[str, Any]]:
        return api.running(self.nomad, job, group)


@dataclass(slots=True)
class Requests:
    """What a request loop saw; `failed` has the first failures in words."""

    answered: int = 0
    versions: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@contextmanager
def created(docker: Engine, folder: Path, binaries: Path, app: str = "shop") -> Iterator[Shop]:
    """Lay out a folder with the example and ports of its own; take everything down at the end, whatever happened."""
    ports = network.free_ports(5)
    (folder / "secrets.env").write_text(f"SESSION_KEY={secrets.token_urlsafe(24)}\n")
    environ = {
        **docker.environment(),
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "NOMAD_ADDR": f"http://127.0.0.1:{ports[0]}",
        "CONSUL_HTTP_ADDR": f"http://127.0.0.1:{ports[1]}",
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": str(EXAMPLE.parents[1]),
    }
    shop = Shop(folder, environ, ports[2], ports[3])
    ingress = {"port": ports[2], "internal_port": ports[3], "admin_port": ports[4]}
    descriptor = yaml.safe_load((EXAMPLE / "hashistack.yaml").read_text())
    descriptor["app"] = app
    descriptor["environments"]["laptop"]["ingress"] = ingress
    # A failing version is to be seen failing soon.
    quick = {"path": "/health", "interval": "2s", "timeout": "2s", "grace": "5s"}
    descriptor["processes"]["web"]["health"] = quick
    descriptor["processes"]["admin"]["health"] = quick
    (folder / "hashistack.yaml").write_text(yaml.safe_dump(descriptor))
    try:
        yield shop
    finally:
        shop.run("down", "-e", "laptop", "--yes", "--purge")


def image(docker: Engine, version: str, **environ: str) -> None:
    """Make a version of the shop's image; `environ` makes a version that behaves badly."""
    images.ensure_shop(docker, version)
    if environ:
        lines = [f"FROM {images.SHOP}:{version}", *(f"ENV {name}={value}" for name, value in environ.items())]
        command = ["docker", "build", "--quiet", "--tag", f"{images.SHOP}:{version}", "-"]
        world = {**docker.environment(), "DOCKER_BUILDKIT": "0"}
        subprocess.run(command, input="\n".join(lines).encode(), env=world, check=True, capture_output=True)


@contextmanager
def request_loop(shop: Shop, path: str = "/api/version", threads: int = 4) -> Iterator[Requests]:
    """Ask all the time, without a retry, until the context ends; at most ten minutes."""
    seen, stop, end = Requests(), threading.Event(), time.monotonic() + 600

    def ask() -> None:
        while not stop.is_set() and time.monotonic() < end:
            try:
                status, answer = shop.ask(path)
            except OSError as error:
                seen.failed.append(repr(error))
                continue
            if status == 200:
                seen.answered += 1
                seen.versions.append(answer["version"])
            else:
                seen.failed.append(f"{status} {answer}")
            time.sleep(0.01)

    workers = [threading.Thread(target=ask) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield seen
    finally:
        stop.set()
        for worker in workers:
            worker.join()
