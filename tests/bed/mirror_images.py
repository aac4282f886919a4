"""Images of our engine as a registry hands them out: a manifest and blobs, each a file named by its digest."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.bed.engine import Engine
from tests.bed.paths import cache_folder, locked
from tests.bed.processes import say

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Image:
    """Name an image's files: manifest.json and a blob each ``sha256:<hex>``."""

    folder: Path

    @property
    def digest(self) -> str:
        """Return the digest of the manifest."""
        return _digest(self.folder / "manifest.json")


def ensure(engine: Engine, tag: str) -> Image:
    """Return the files of the engine's image, saved once per content."""
    number = engine.docker("image", "inspect", "--format", "{{.Id}}", tag).strip().removeprefix("sha256:")
    folder = cache_folder() / "registry" / number[:16]
    with locked(folder.with_suffix(".lock")):
        if not folder.exists():
            say(f"saving image {tag} for the mirror")
            _save(engine, tag, folder)
    return Image(folder)


def _save(engine: Engine, tag: str, folder: Path) -> None:
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    saved = unfinished / "saved.tar"
    engine.docker("save", "--output", str(saved), tag)
    with tarfile.open(saved) as archive:
        listed = json.loads(_text(archive, "manifest.json"))[0]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _blob(archive, listed["Config"], CONFIG, unfinished),
            # Not compressed: the way is short and the processors are few.
            "layers": [_blob(archive, layer, LAYER, unfinished) for layer in listed["Layers"]],
        }
    (unfinished / "manifest.json").write_text(json.dumps(manifest))
    saved.unlink()
    unfinished.rename(folder)


def _blob(archive: tarfile.TarFile, member: str, kind: str, folder: Path) -> dict[str, object]:
    """Write one file of the archive under its digest and return how a manifest refers to it."""
    file = folder / "blob"
    content = archive.extractfile(member)
    if content is None:
        raise FileNotFoundError(member)
    with content, file.open("wb") as target:
        shutil.copyfileobj(content, target, 1 << 20)
    digest, size = _digest(file), file.stat().st_size
    with file.open("rb") as start:
        suffix = ".gzip" if start.read(2) == GZIP else ""
    file.rename(folder / digest)
    return {"mediaType": f"{kind}{suffix}", "size": size, "digest": digest}


def _text(archive: tarfile.TarFile, member: str) -> bytes:
    content = archive.extractfile(member)
    return content.read() if content else b""


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return "sha256:" + hashlib.file_digest(content, "sha256").hexdigest()
