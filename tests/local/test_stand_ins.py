"""A backing service with one node on a laptop: `up` makes what it needs, a second `up` nothing, `--purge` removes all.

The tests stand in their order and share one cluster that hashistack starts itself.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hashistack.credentials.authority import alternatives, issue
from hashistack.credentials.service import leaf
from hashistack.credentials.values import Identity
from hashistack.plan.sensitive import Sensitive
from tests.bed import network
from tests.bed.engine import Engine
from tests.local import api

NODE = "nomad/jobs/till-cache/node"
DESCRIPTOR = """\
app: till
image: hashistack-test/busybox
processes:
  nightly: {command: "true", schedule: "0 3 1 1 *"}
backing_services:
  cache: {type: redis, storage: 100MiB, version: 8.1.1}
environments:
  laptop: {target: local}
"""


@dataclass(frozen=True, slots=True)
class Laptop:
    """A folder with a descriptor, and the world that hashistack sees when it runs in it."""

    folder: Path
    environ: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run a command line of hashistack that is to succeed and return all that it said."""
        command = [sys.executable, "-m", "hashistack", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self) -> str:
        return self.run("up", "-e", "laptop", "--version", "1")

    def down(self, *more: str) -> str:
        return self.run("down", "-e", "laptop", "--yes", *more)

    def items(self, path: str) -> dict[str, str]:
        """Return what a Nomad variable holds."""
        items: dict[str, str] = api.get(self.environ["NOMAD_ADDR"], f"/v1/var/{path}")["Items"]
        return items

    @contextmanager
    def connected(self) -> Iterator[ssl.SSLSocket]:
        """Open a connection to the cache as an app would, its certificate checked."""
        found = api.get(self.environ["CONSUL_HTTP_ADDR"], "/v1/health/service/till-cache?passing")
        service = found[0]["Service"]
        context = ssl.create_default_context(cadata=self.items("nomad/jobs/till-cache")["ca"])
        with (
            socket.create_connection((service["Address"], service["Port"]), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=service["Address"]) as line,
        ):
            yield line

    def certificate(self) -> str:
        """Return the certificate that the cache shows."""
        with self.connected() as line:
            return ssl.DER_cert_to_PEM_cert(line.getpeercert(binary_form=True) or b"")

    def age_certificate(self, days: int) -> None:
        """Put a certificate in the place of the one in the cluster, of the same authority, as if made days ago."""
        authority = self.items("hashistack/stand-ins/till-cache")
        trust = Identity(authority["certificate"], Sensitive(authority["key"]))
        node = self.items(NODE)
        places = sorted(alternatives(Identity(node["certificate"], Sensitive(node["key"])))[1])
        old = issue(trust, leaf("till-cache", places), datetime.now(UTC) - timedelta(days=days))
        body = {"Path": NODE, "Items": {**node, "certificate": old.certificate, "key": old.key.reveal()}}
        api.put(self.environ["NOMAD_ADDR"], f"/v1/var/{NODE}", body)

    def ask(self, *words: str) -> str:
        """Send a command to the cache and return the first line of the answer."""
        items = self.items("nomad/jobs/till-cache")
        with self.connected() as line, line.makefile("rwb") as stream:
            for command in (("AUTH", items["user"], items["password"]), words):
                stream.write(b" ".join(word.encode() for word in command) + b"\r\n")
                stream.flush()
                answer = stream.readline().decode().strip()
                if answer.startswith("$"):
                    answer = stream.readline().decode().strip()
        return answer


@pytest.fixture(scope="module")
def laptop(
    docker: Engine, nomad_binary: Path, consul_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Laptop]:
    folder, binaries = tmp_path_factory.mktemp("till"), tmp_path_factory.mktemp("bin")
    (binaries / "nomad").symlink_to(nomad_binary)
    (binaries / "consul").symlink_to(consul_binary)
    (folder / "hashistack.yaml").write_text(DESCRIPTOR)
    ports = network.free_ports(2)
    environ = {
        **docker.environment(),
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "NOMAD_ADDR": f"http://127.0.0.1:{ports[0]}",
        "CONSUL_HTTP_ADDR": f"http://127.0.0.1:{ports[1]}",
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    running = Laptop(folder, environ)
    try:
        yield running
    finally:
        running.down("--purge")


def test_up_makes_the_volume_the_certificate_and_the_passwords(laptop: Laptop) -> None:
    said = laptop.up()
    for line in (
        "made volume till-cache on local",
        "generated password in Nomad variable nomad/jobs/till-cache",
        "generated certificate, key in Nomad variable nomad/jobs/till-cache/node",
        "till-cache runs",
    ):
        assert line in said, said
    assert laptop.ask("SET", "greeting", "hello") == "+OK"


def test_its_numbers_are_there_for_prometheus(laptop: Laptop) -> None:
    found = api.get(laptop.environ["CONSUL_HTTP_ADDR"], "/v1/catalog/service/till-cache-metrics")[0]
    at = f"http://{found['ServiceAddress']}:{found['ServicePort']}/metrics"
    with urllib.request.urlopen(at, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    assert "redis_up 1" in lines
    # What has a password in it is not asked for.
    assert not [line for line in lines if line.startswith("redis_config_")]


def test_a_second_up_changes_nothing(laptop: Laptop) -> None:
    said = laptop.up()
    assert "till-cache unchanged" in said
    assert not any(word in said for word in ("made", "generated", "submitted"))


def test_a_certificate_that_has_become_old_is_renewed_with_a_restart(laptop: Laptop) -> None:
    laptop.age_certificate(days=300)
    before = laptop.certificate()
    assert "generated certificate, edition, key in Nomad variable" in laptop.up()
    assert laptop.certificate() == laptop.items(NODE)["certificate"] != before
    assert laptop.ask("GET", "greeting") == "hello"
    assert "till-cache unchanged" in laptop.up()


def test_purge_leaves_nothing(laptop: Laptop) -> None:
    said = laptop.down("--purge")
    assert "removed volumes till-cache" in said
    assert not list((laptop.folder / "state").rglob("host_volumes"))
    assert not list((laptop.folder / "state").rglob("till@laptop.json"))
