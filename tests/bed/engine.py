"""A Docker engine for the tests: the one that answers, else a dockerd of our own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bed import packages, processes
from tests.bed.missing import BedError, BedUnavailable, Missing
from tests.bed.paths import cache_folder, locked, share, try_lock

VERSION = "{{.Server.Version}}"
START_SECONDS = 60.0
STOP_SECONDS = 40.0  # dockerd gives every container 10 s to end, then itself 15 s


@dataclass(frozen=True, slots=True)
class Engine:
    """Name a Docker engine that answers."""

    host: str  # as in DOCKER_HOST: unix:///path or tcp://address:port
    version: str

    def environment(self) -> dict[str, str]:
        """Return this process's environment with DOCKER_HOST set, for docker and Nomad child processes."""
        # The builder of dockerd 20.10 that needs nothing from a registry is the classic one.
        return {**os.environ, "DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0"}

    def docker(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run ``docker ARGUMENTS`` against this engine and return its standard output."""
        return processes.run(["docker", *arguments], env=self.environment(), stdin=stdin)


@contextmanager
def running() -> Iterator[Engine]:
    """Give a Docker engine, and stop it at the end if the bed started it and no other run still uses it.

    Raises BedUnavailable if none answers (at DOCKER_HOST or Docker's usual socket) and none can be started.
    """
    if found := _answering(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")):
        yield found
        return
    _check_startable()
    folder = cache_folder() / "docker"
    folder.mkdir(exist_ok=True)
    with locked(folder / "start.lock"):
        engine = _answering(_host(folder)) or _start(folder)
        user = share(folder / "users.lock")
    try:
        yield engine
    finally:
        with locked(folder / "start.lock"):
            user.close()
            if alone := try_lock(folder / "users.lock"):
                _stop(folder)
                alone.close()


def _answering(host: str) -> Engine | None:
    if not shutil.which("docker"):
        return None
    try:
        return Engine(
            host, processes.run(["docker", "--host", host, "version", f"--format={VERSION}"]).strip()
        )
    except BedError:
        return None


def _check_startable() -> None:
    """Raise BedUnavailable unless an engine of our own can be started; in CI, install what it takes."""
    if os.environ.get("DOCKER_HOST"):
        how = "Start it, or unset DOCKER_HOST"
        raise BedUnavailable([Missing("a Docker engine at DOCKER_HOST", "nothing answers there", how)])
    if os.geteuid() != 0:
        how = "Start Docker, or run this as root"
        raise BedUnavailable([Missing("a running Docker engine", "only root may start one", how)])
    packages.ensure(["docker.io", "iptables"])


def _host(folder: Path) -> str:
    return f"unix://{folder}/docker.sock"


def _start(folder: Path) -> Engine:
    _clear_leftovers(folder)
    log = folder / "dockerd.log"
    log.unlink(missing_ok=True)
    pid = processes.start(_command(folder), log, env=_environment())
    try:
        processes.wait_for(lambda: _answers_or_died(folder, pid), seconds=START_SECONDS)
    except TimeoutError:
        processes.stop(pid, str(folder))
    engine = _answering(_host(folder))
    if engine is None:
        raise BedError(f"dockerd did not start:\n{processes.last_lines(log.read_text())}")
    return engine


def _command(folder: Path) -> list[str]:
    return [
        "dockerd",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--pidfile={folder}/dockerd.pid",
        f"--host={_host(folder)}",
    ]


def _environment() -> Mapping[str, str]:
    # Debian's dockerd runs programs of its own folder; a PATH that begins elsewhere may hide them.
    return {**os.environ, "PATH": f"/usr/sbin:/usr/bin:/sbin:/bin:{os.environ.get('PATH', '')}"}


def _answers_or_died(folder: Path, pid: int) -> bool:
    return not processes.is_running(pid, str(folder)) or _answering(_host(folder)) is not None


def _clear_leftovers(folder: Path) -> None:
    """End what outlives a killed dockerd, and forget its pid files: their numbers may be others' by now."""
    for pidfile in (folder / "dockerd.pid", folder / "exec/containerd/containerd.pid"):
        if pid := _read_pid(pidfile):
            processes.stop(pid, str(folder))
        pidfile.unlink(missing_ok=True)
    for shim in processes.with_sign(f"{folder}/exec/containerd/containerd.sock"):
        processes.kill_with_children(shim)
    processes.unmount_below(folder)
    shutil.rmtree(folder / "exec", ignore_errors=True)


def _stop(folder: Path) -> None:
    if pid := _read_pid(folder / "dockerd.pid"):
        processes.stop(pid, str(folder), patience=STOP_SECONDS)
    _clear_leftovers(folder)


def _read_pid(pidfile: Path) -> int:
    try:
        return int(pidfile.read_text())
    except (OSError, ValueError):
        return 0
