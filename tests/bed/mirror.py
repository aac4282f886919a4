"""What the machines may install, as a folder that is served over HTTP: packages, release archives, images."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.bed import machine_tree, mirror_images, processes
from tests.bed.engine import Engine
from tests.bed.missing import BedError
from tests.bed.paths import cache_folder, locked
from tests.bed.processes import run, say
from tests.tools import build

ROOT = Path(__file__).parents[2]
PORT = 8000
NEXT_NOMAD = "1.11.4"  # a version to upgrade to: the pinned one built again under another name
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@dataclass(frozen=True, slots=True)
class Archive:
    """Name one release archive as the vendor does."""

    tool: str
    version: str

    @property
    def name(self) -> str:
        """Return the file name."""
        return f"{self.tool}_{self.version}_linux_{ARCHITECTURE}.zip"


def archives() -> tuple[Archive, ...]:
    """Return the archives that the mirror has."""
    pinned = [Archive(tool, build.pinned_version(tool)) for tool in ("nomad", "consul")]
    return (*pinned, Archive("nomad", NEXT_NOMAD))


def lay_out(site: Path) -> None:
    """Make the folder of packages and archives; images are added with ``add_images``."""
    link(site / "debian", _packages())
    for archive in archives():
        link(site / archive.tool / archive.version / archive.name, _zip(archive))


def add_images(site: Path, engine: Engine, tags: tuple[str, ...]) -> None:
    """Add the engine's images of these tags, as Docker Hub has them: ``traefik:1`` is ``library/traefik:1``."""
    for tag in tags:
        image = mirror_images.ensure(engine, tag)
        name, _, version = tag.partition(":")
        repository = site / "v2" / (name if "/" in name else f"library/{name}")
        for file in image.folder.glob("sha256:*"):
            link(repository / "blobs" / file.name, file)
        for reference in (version, image.digest):
            link(repository / "manifests" / reference, image.folder / "manifest.json")


def checksums() -> dict[str, str]:
    """Return the SHA-256 of every archive by its file name."""
    return {archive.name: _zip(archive).with_suffix(".sha256").read_text() for archive in archives()}


def serve(site: Path, address: str, log: Path) -> int:
    """Start to serve the folder at the address, for whoever reaches it, and return the server's pid."""
    (site / "v2").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.bed.mirror_server", str(site), address, str(PORT)]
    pid = processes.start(command, log, {**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        processes.wait_for(lambda: _answers(address), seconds=10)
    except TimeoutError as error:
        raise BedError(f"the mirror did not start:\n{processes.last_lines(log.read_text())}") from error
    return pid


def link(path: Path, target: Path) -> None:
    """Make a symbolic link, in place of one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}-{os.getpid()}")
    new.symlink_to(target)
    new.rename(path)


def _answers(address: str) -> bool:
    try:
        socket.create_connection((address, PORT), timeout=1).close()
    except OSError:
        return False
    return True


def _packages() -> Path:
    """Return the folder of packages, with the index that apt reads of a flat archive."""
    debs = machine_tree.ensure().debs
    index = debs / "Packages"
    with locked(debs.with_suffix(".lock")):
        if not index.exists():
            unfinished = index.with_suffix(".part")
            unfinished.write_text("\n".join(map(_entry, sorted(debs.glob("*.deb")))))
            unfinished.rename(index)
    return debs


def _entry(deb: Path) -> str:
    control = run(["dpkg-deb", "--field", str(deb)]).strip()
    return f"{control}\nFilename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {_sha256(deb)}\n"


def _zip(archive: Archive) -> Path:
    """Return the release archive, packed once per binary; quickly, since it is read a few times at most."""
    binary = build.ensure(archive.tool, version=archive.version, build=True)
    path = cache_folder() / "archives" / archive.name
    with locked(path.with_suffix(".lock")):
        if not path.exists() or path.stat().st_mtime < binary.stat().st_mtime:
            say(f"packing {archive.name}")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as content:
                content.write(binary, archive.tool)
            path.with_suffix(".sha256").write_text(_sha256(path))
    return path


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
