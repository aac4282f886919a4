"""What hashistack remembers on this machine: the agents it started and what each app put into a cluster."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from hashistack.backends.endpoint import Endpoint
from hashistack.diagnostics import ConflictError, HashistackError
from hashistack.messages import agents, cluster
from hashistack.tree.write import write_file


@dataclass(frozen=True, slots=True)
class Record:
    """What one app's environment put into a cluster, in the order in which it was put there."""

    app: str
    environment: str
    jobs: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()

    def with_job(self, job: str) -> Record:
        """Return the record with the job, once."""
        return self if job in self.jobs else replace(self, jobs=(*self.jobs, job))

    def with_variable(self, path: str) -> Record:
        """Return the record with the variable, once."""
        return self if path in self.variables else replace(self, variables=(*self.variables, path))

    def with_volume(self, name: str) -> Record:
        """Return the record with the name of volumes, once."""
        return self if name in self.volumes else replace(self, volumes=(*self.volumes, name))


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The folder of one cluster; clusters are told apart by Nomad's address."""

    path: Path

    @property
    def apps(self) -> Path:
        """The folder of the records."""
        return self.path / "apps"

    def agent(self, name: str) -> Path:
        """Return the folder of an agent that was started here."""
        return self.path / name

    def record(self, app: str, environment: str) -> Record:
        """Read what is remembered of an app's environment; an empty record if nothing is."""
        saved = read_json(self._file(app, environment))
        if saved is None:
            return Record(app, environment)
        volumes = tuple(saved.get("volumes", ()))  # records of releases before there were any have none
        return Record(app, environment, tuple(saved["jobs"]), tuple(saved["variables"]), volumes)

    def save(self, record: Record) -> None:
        """Remember a record, in place of what was remembered."""
        write_json(self._file(record.app, record.environment), asdict(record))

    def forget(self, record: Record) -> None:
        """Remove a record; one that is not there is fine."""
        file = self._file(record.app, record.environment)
        with _explained(file):
            file.unlink(missing_ok=True)

    def recorded_apps(self) -> list[str]:
        """List the apps that have a record, each once."""
        return sorted({path.stem.rpartition("@")[0] for path in self.apps.glob("*@*.json")})

    def _file(self, app: str, environment: str) -> Path:
        return self.apps / f"{app}@{environment}.json"

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold the lock of that name; raise `ConflictError` naming the process that holds it."""
        with _opened(self.path / f"{name}.lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise ConflictError(cluster.busy(name, int(file.read() or 0))) from error
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield


def state_home(environ: Mapping[str, str]) -> Path:
    """Return hashistack's folder below $XDG_STATE_HOME."""
    home = Path(environ.get("XDG_STATE_HOME", ""))
    if not home.is_absolute():  # to be ignored, by the XDG base directory specification
        home = Path(environ.get("HOME", "~")).expanduser() / ".local" / "state"
    return home / "hashistack"


def state_folder(environ: Mapping[str, str], nomad: Endpoint) -> StateFolder:
    """Return the folder for the cluster behind this address."""
    return StateFolder(state_home(environ) / f"{nomad.host}_{nomad.port}".replace(":", "-"))


def private_folder(path: Path) -> None:
    """Make a folder, and those above it, that nobody else may look into."""
    for folder in (*reversed(path.parents), path):
        with _explained(folder):
            folder.mkdir(mode=0o700, exist_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object, or None if the file is missing."""
    with _explained(path):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
    content: dict[str, Any] = json.loads(text)
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object for this user's eyes only."""
    private_folder(path.parent)
    with _explained(path):
        write_file(path, json.dumps(content, indent=2, sort_keys=True).encode() + b"\n")


def remove_folder(path: Path) -> None:
    """Remove a folder of ours with all that is in it; one that is not there is fine."""
    with _explained(path):
        if path.exists():
            shutil.rmtree(path)


def _opened(path: Path) -> TextIO:
    private_folder(path.parent)
    with _explained(path):
        return path.open("a+", encoding="ascii")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal into a diagnostic that names `path`."""
    try:
        yield
    except FileExistsError:  # what mkdir says of a file in a folder's place
        raise HashistackError(agents.unusable_state(str(path), "it is not a folder")) from None
    except OSError as error:
        raise HashistackError(agents.unusable_state(str(path), error.strerror or str(error))) from None
