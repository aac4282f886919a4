"""The Debian packages that the bed stands on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.bed.missing import BedUnavailable, Missing
from tests.bed.paths import cache_folder, locked
from tests.bed.processes import run


def _commands(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


def _succeeds(argv: Sequence[str]) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def _static_busybox() -> bool:
    busybox = shutil.which("busybox")
    # ldd fails on a static program: only such a one runs in an image that holds nothing else.
    return busybox is not None and not _succeeds(["ldd", busybox])


_FOR_SCRIPTS = ("bash", "curl", "dash", "shellcheck")
# Debian package -> (how to see that its content is there, what the bed needs it for). The content is looked
# at, not dpkg's list: another distribution or a hand-installed program is as good.
NEEDED: Mapping[str, tuple[Callable[[], bool], str]] = {
    "docker.io": (_commands("dockerd", "docker"), "containers run in a Docker engine"),
    "mmdebstrap": (_commands("mmdebstrap"), "images are made of Debian packages, not pulled from a registry"),
    "busybox-static": (_static_busybox, "the smallest image of the tests is a busybox"),
    "iproute2": (_commands("ip"), "the agents look up the address of Docker's bridge"),
    "iptables": (_commands("iptables"), "Docker publishes ports with it"),
    "procps": (_commands("ps"), "processes are listed with it"),
    "systemd-container": (_commands("systemd-nspawn"), "machines of the tests are booted with it"),
    "openssh-server": (_commands("sshd"), "the way to a host is tried against a server on loopback"),
    "nftables": (_commands("nft"), "the rules of a machine are looked at from outside"),
    "openssh-client": (_commands("ssh", "ssh-keygen"), "the machines are reached by SSH"),
    "maven": (_commands("mvn"), "Kafka comes as Java archives"),
    "containernetworking-plugins": (Path("/usr/lib/cni/bridge").exists, "Nomad's bridge networks need it"),
    **{name: (_commands(name), "scripts are run, or looked at, with it") for name in _FOR_SCRIPTS},
}
FOR_MACHINES = tuple(name for name in NEEDED if name not in _FOR_SCRIPTS)


def missing(names: Iterable[str] = FOR_MACHINES) -> list[Missing]:
    """Return what is not on this machine of the named Debian packages."""
    return [
        Missing(name, NEEDED[name][1], f"On Debian: apt-get install {name}")
        for name in names
        if not NEEDED[name][0]()
    ]


def ensure(names: Iterable[str] = FOR_MACHINES) -> None:
    """Install what is missing when root and CI=true, else raise BedUnavailable with the whole list."""
    names = tuple(names)
    # The tests run in two processes, and apt-get fails where another one runs.
    with locked(cache_folder() / "packages.lock"):
        lacking = missing(names)
        if lacking and os.geteuid() == 0 and os.environ.get("CI") == "true" and shutil.which("apt-get"):
            _install(one.what for one in lacking)
            lacking = missing(names)
    if lacking:
        raise BedUnavailable(lacking)


def _install(names: Iterable[str]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "--quiet"], env=env)
    run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *names], env=env)
