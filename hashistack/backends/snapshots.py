"""Snapshots of Consul's and Nomad's servers, to and from a folder that only its owner can read.

A snapshot holds every secret of the cluster: tokens, Nomad variables and the keys that they are encrypted with.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint, session
from hashistack.backends.failures import explained, from_status
from hashistack.backends.patience import asked_again, until
from hashistack.diagnostics import BackendError, HashistackError, UsageProblem
from hashistack.messages import upkeep as messages
from hashistack.plan.backup import (
    MANIFEST,
    SNAPSHOTS,
    SUMS,
    Manifest,
    faults,
    manifest_text,
    read_manifest,
    read_sums,
    sums_text,
)
from hashistack.plan.progress import Progress, Waiting

_PATHS = {"Consul": "snapshot", "Nomad": "operator/snapshot"}
_TIMEOUT = 600  # seconds without a byte; a restore answers when all of it is in place
_UNSETTLED = "cannot take snapshot now"  # hashicorp/raft, snapshot.go
_UNSETTLED_PATIENCE = 90.0  # seconds: a leader writes something every 60 s
# Consul's leader may cut the connection of the server that was asked before that has read all: hashicorp/consul#6893.
_CUT = ("connection reset by peer", "unexpected EOF", "Connection broken")
_BROKEN = "HS429"
_TRIES = 3
_TICK = 2.0
_CHUNK = 1 << 20
_OK = 200
_FAILURES = 400
_FORBIDDEN = 403
_NOT_FOUND = 404
_LONGEST_TEXT = 1 << 20


class Snapshots:
    """The snapshots of one cluster; every call raises `BackendError` when it is refused or cannot be made."""

    def __init__(self, consul: Endpoint, nomad: Endpoint) -> None:
        self._endpoints: Mapping[str, Endpoint] = {"Consul": consul, "Nomad": nomad}
        self._apis = {product: Api(endpoint) for product, endpoint in self._endpoints.items()}

    def versions(self) -> dict[str, str]:
        """Return the version of each product where it is asked."""
        consul, nomad = (self._apis[product].get("agent/self") for product in ("Consul", "Nomad"))
        return {"Consul": consul["Config"]["Version"], "Nomad": nomad["config"]["Version"]["Version"]}

    def jobs(self) -> tuple[str, ...]:
        """List the jobs that are not stopped, without the runs of a schedule."""
        stubs = self._apis["Nomad"].get("jobs") or []
        return tuple(sorted(stub["ID"] for stub in stubs if not stub["Stop"] and not stub["ParentID"]))

    def forget_strangers(self) -> None:
        """Remove from Consul's catalog the machines that have another identity now: they could not register again."""
        members = self._apis["Consul"].get("agent/members") or []
        living = {member["Name"]: member["Tags"].get("id") for member in members}
        for node in self._apis["Consul"].get("catalog/nodes") or []:
            if living.get(node["Node"], node["ID"]) != node["ID"]:
                self._apis["Consul"].put("catalog/deregister", {"Node": node["Node"]})

    def has_leader(self, product: str) -> bool:
        """Tell whether the servers agree on a leader; False also while none answers."""
        try:
            return bool(self._apis[product].get("status/leader"))
        except BackendError:
            return False

    def knows_us(self, product: str) -> bool:
        """Tell whether our token means anything to the servers; it does where there is no access control."""
        return self._apis[product].attempt("get", "acl/token/self")[0] not in (_FORBIDDEN, _NOT_FOUND)

    def answer_us(self) -> bool:
        """Tell whether those that are asked let us in; servers of a new cluster do once the leader has told them."""
        return all(api.attempt("get", "agent/self")[0] == _OK for api in self._apis.values())

    def save(self, product: str, path: Path, progress: Progress) -> int:
        """Write a snapshot to a new file, check that it is whole, and return its size in bytes.

        One that was cut off on its way is asked for again.
        """
        return asked_again(partial(self._saved, product, path, progress), _was_cut, _TRIES)

    def restore(self, product: str, path: Path) -> None:
        """Put a snapshot in the place of all that the servers have; twice does no harm."""
        asked_again(partial(self._put, product, path), _was_cut, _TRIES)

    def _saved(self, product: str, path: Path, progress: Progress) -> int:
        path.unlink(missing_ok=True)
        endpoint = self._endpoints[product]
        response = self._taken(endpoint, progress)
        with explained(endpoint, "taking a snapshot"), _private(path) as file:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        _check_archive(product, path)
        return path.stat().st_size

    def _put(self, product: str, path: Path) -> None:
        with path.open("rb") as file:
            self._call("put", self._endpoints[product], data=file)

    def _taken(self, endpoint: Endpoint, progress: Progress) -> Any:
        """Ask for a snapshot, and again while Raft makes none: as long as nothing was written since servers changed."""
        response = self._taken_if_settled(endpoint)
        if response is None:
            progress.report(Waiting(f"{endpoint.product} to make a snapshot: its servers have just changed"))
            response = until(partial(self._taken_if_settled, endpoint), _UNSETTLED_PATIENCE, _TICK)
        return response or self._call("get", endpoint, stream=True)

    def _taken_if_settled(self, endpoint: Endpoint) -> Any:
        try:
            return self._call("get", endpoint, stream=True)
        except BackendError as error:
            if _UNSETTLED in str(error):
                return None
            raise

    def _call(self, method: str, endpoint: Endpoint, **arguments: Any) -> Any:
        doing = "taking a snapshot" if method == "get" else "restoring a snapshot"
        url = f"{endpoint.url}/v1/{_PATHS[endpoint.product]}"
        with explained(endpoint, doing):
            response = session(endpoint).request(
                method, url, headers=endpoint.headers, timeout=_TIMEOUT, **arguments
            )
        if response.status_code >= _FAILURES:
            raise BackendError(from_status(endpoint, doing, response.status_code, response.text))
        return response


def _was_cut(error: Exception) -> bool:
    if not isinstance(error, BackendError):
        return False
    return error.diagnostics[0].code == _BROKEN or any(words in str(error) for words in _CUT)


class BackupFolder:
    """A folder that becomes a backup when all of it is there."""

    def __init__(self, parent: Path, manifest: Manifest) -> None:
        """Begin a backup below `parent`."""
        self.path = parent / manifest.folder
        self._manifest = manifest
        self._work = parent / f".{manifest.folder}.{os.getpid()}"
        try:
            if self.path.exists():
                raise UsageProblem(messages.backup_exists(str(self.path)))
            self._work.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def file(self, product: str) -> Path:
        """Return where the snapshot of a product belongs until the backup is complete."""
        return self._work / SNAPSHOTS[product]

    def complete(self) -> None:
        """Add the manifest and the checksums, and give the folder its name."""
        try:
            with _private(self._work / MANIFEST) as file:
                file.write(manifest_text(self._manifest).encode())
            sums = {path.name: _sum(path) for path in self._work.iterdir()}
            with _private(self._work / SUMS) as file:
                file.write(sums_text(sums).encode())
            self._work.rename(self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    def abandon(self) -> None:
        """Remove what there is of a backup that did not become one."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._work)

    def _unwritable(self, error: OSError) -> HashistackError:
        return HashistackError(messages.backup_unwritable(str(self.path), error.strerror or str(error)))


def read_backup(folder: Path) -> Manifest:
    """Return the manifest of a backup all of whose files are as they were written; raise `UsageProblem` otherwise."""
    reasons: tuple[str, ...]
    try:
        found = {name: _sum_or_none(folder / name) for name in (*SNAPSHOTS.values(), MANIFEST)}
        reasons = faults(read_sums(_text(folder / SUMS)), found)
        if not reasons:
            return read_manifest(_text(folder / MANIFEST))
    except (OSError, ValueError) as error:
        reasons = (_reason(error),)
    raise UsageProblem(messages.no_backup(str(folder), reasons))


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"{Path(error.filename or '').name}: {error.strerror}"
    return f"{MANIFEST} is {error}"


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_LONGEST_TEXT).decode()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sum_or_none(path: Path) -> str | None:
    return _sum(path) if path.is_file() else None


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _check_archive(product: str, path: Path) -> None:
    """Hold a snapshot against the checksums inside it: both products stream it, and a stream may end too early."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            told = read_sums(_member(archive, SUMS).read().decode())
            json.loads(_member(archive, "meta.json").read())
            for name in ("meta.json", "state.bin"):
                if hashlib.file_digest(_member(archive, name), "sha256").hexdigest() != told.get(name):
                    raise ValueError(f"{name} has another checksum")
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError) as error:
        raise BackendError(messages.broken_snapshot(product, str(error))) from error


def _member(archive: tarfile.TarFile, name: str) -> Any:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(f"{name} is no file")
    return file
