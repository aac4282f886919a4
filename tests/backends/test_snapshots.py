"""Snapshots against a server of our own: whole ones are kept, others leave nothing behind."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hashistack.backends.endpoint import Endpoint
from hashistack.backends.snapshots import BackupFolder, Snapshots, read_backup
from hashistack.diagnostics import BackendError, UsageProblem
from hashistack.plan.backup import Manifest
from hashistack.plan.progress import Waiting
from hashistack.plan.sensitive import Sensitive
from tests.unit.plan.fakes import FakeProgress

MANIFEST = Manifest("shop", "factory", "2026-11-21T18:06:31Z", "1.22.7", "1.11.3", ("shop",))


# What Nomad 1.11.3 answered right after its servers were replaced.
UNSETTLED = (
    500,
    b"Raft error when taking snapshot: cannot take snapshot now, wait until the configuration entry at 107 has been "
    b"applied (have applied 104)",
)
# What a follower of Consul 1.22.7 answered whose connection to the leader was cut.
RESET = (
    500,
    b"failed to decode response: read tcp 10.0.0.1:54893->10.0.0.3:8300: read: connection reset by peer",
)


def archive(state: bytes = b"everything", *, told: bytes | None = None) -> bytes:
    """Return a snapshot as both products make it; `told` is what its checksums are of."""
    files = {"meta.json": b"{}", "state.bin": state}
    sums = {**files, "state.bin": told or state}
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sums.items()
    ).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@dataclass
class Server:
    url: str = ""
    status: int = 200
    content: bytes = b""
    first: list[tuple[int, bytes]] = field(default_factory=list)  # what it answers before
    put: dict[str, bytes] = field(default_factory=dict)
    tokens: list[str | None] = field(default_factory=list)

    def snapshots(self) -> Snapshots:
        token = Sensitive("s.secret")
        return Snapshots(Endpoint("Consul", self.url, token=token), Endpoint("Nomad", self.url, token=token))


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.tokens.append(self.headers["X-Nomad-Token"] or self.headers["X-Consul-Token"])
            status, content = told.first.pop(0) if told.first else (told.status, told.content)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def do_PUT(self) -> None:
            told.put[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = told.first.pop(0) if told.first else (told.status, b"")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield told
    http.shutdown()
    http.server_close()
    thread.join()


def save(server: Server, parent: Path, progress: FakeProgress | None = None) -> Path:
    folder = BackupFolder(parent, MANIFEST)
    try:
        for product in ("Consul", "Nomad"):
            server.snapshots().save(product, folder.file(product), progress or FakeProgress())
        folder.complete()
    finally:
        folder.abandon()
    return folder.path


def test_a_backup_is_read_as_it_was_made_and_only_its_owner_can(server: Server, tmp_path: Path) -> None:
    server.content = archive()
    folder = save(server, tmp_path / "saved")
    assert read_backup(folder) == MANIFEST
    assert server.tokens == ["s.secret", "s.secret"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert [path.name for path in folder.parent.iterdir()] == [MANIFEST.folder]


@pytest.mark.parametrize(
    "content",
    [archive()[: len(archive()) // 2], archive(told=b"other"), b"", b"<html>"],
    ids=["cut", "changed", "empty", "html"],
)
def test_what_is_no_whole_snapshot_leaves_nothing_behind(
    server: Server, tmp_path: Path, content: bytes
) -> None:
    server.content = content
    with pytest.raises(BackendError, match="cannot be used"):
        save(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_explained(server: Server, tmp_path: Path) -> None:
    server.status, server.content = 403, b"Permission denied"
    with pytest.raises(BackendError, match="permission denied"):
        save(server, tmp_path)
    assert len(server.tokens) == 1


def test_servers_that_have_just_changed_are_asked_again(server: Server, tmp_path: Path) -> None:
    server.content, server.first = archive(), [UNSETTLED, UNSETTLED]
    progress = FakeProgress()
    assert read_backup(save(server, tmp_path / "saved", progress)) == MANIFEST
    assert progress.events == [Waiting("Consul to make a snapshot: its servers have just changed")]


def test_what_was_cut_off_on_its_way_is_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.content, server.first = archive(), [RESET, (200, archive()[:99]), UNSETTLED]
    assert read_backup(save(server, tmp_path / "saved")) == MANIFEST
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


def test_what_is_always_cut_off_is_told(server: Server, tmp_path: Path) -> None:
    server.first = [RESET] * 9
    with pytest.raises(BackendError, match="connection reset by peer"):
        save(server, tmp_path)
    assert len(server.tokens) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_second_backup_never_overwrites(server: Server, tmp_path: Path) -> None:
    server.content = archive()
    save(server, tmp_path)
    with pytest.raises(UsageProblem, match="exists already"):
        save(server, tmp_path)


def test_a_backup_that_was_touched_is_refused(server: Server, tmp_path: Path) -> None:
    server.content = archive()
    folder = save(server, tmp_path)
    (folder / "nomad.snap").write_bytes(archive(b"other"))
    with pytest.raises(UsageProblem, match=r"nomad\.snap is not what was written"):
        read_backup(folder)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path / "absent", tmp_path):
        with pytest.raises(UsageProblem, match="no complete backup"):
            read_backup(folder)


def test_a_snapshot_goes_back_byte_by_byte(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "consul.snap"
    path.write_bytes(archive())
    server.first = [RESET]
    server.snapshots().restore("Consul", path)
    server.snapshots().restore("Nomad", path)
    assert server.first == []
    assert server.put == {"/v1/snapshot": path.read_bytes(), "/v1/operator/snapshot": path.read_bytes()}
