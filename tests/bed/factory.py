"""A bed of bare Debian machines on this one, with a mirror of all that they may install; several beds side by side."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.bed import engine, images, lan, machine_tree, mirror, packages, processes
from tests.bed.lan import Lan
from tests.bed.machine import Machine
from tests.bed.missing import BedError, BedUnavailable, Missing
from tests.bed.paths import locked, share, try_lock
from tests.bed.processes import run

BASE = Path(tempfile.gettempdir()) / "hashistack-machines"
NEEDED = ("systemd-container", "mmdebstrap", "iproute2", "iptables", "nftables", "openssh-client")
VERSIONS = ("v1", "v2")  # of the example application
RUNNING: list[Factory] = []  # the beds of this process


@dataclass(frozen=True, slots=True)
class Factory:
    """Name the machines of one bed and what they can be given from."""

    folder: Path
    lan: Lan

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Return the machines that were made, on or off."""
        return tuple(self.machine(folder.name) for folder in sorted((self.folder / "hosts").iterdir()))

    @property
    def gateway(self) -> str:
        """Return this machine's address as the others see it."""
        return self.lan.gateway

    @property
    def key(self) -> Path:
        """Return the private SSH key that opens every machine, for root and for admin."""
        return self.folder / "key"

    @property
    def mirror(self) -> str:
        """Return the URL below which nomad/VERSION/ and consul/VERSION/ have the release archives.

        It stands for Docker Hub, too.
        """
        return f"http://{self.gateway}:{mirror.PORT}"

    def checksums(self) -> dict[str, str]:
        """Return the SHA-256 of every release archive of the mirror by its file name."""
        return mirror.checksums()

    def machine(self, name: str) -> Machine:
        """Return the machine h<number>, made or still to be made."""
        address = self.lan.address(int(name.removeprefix("h")))
        return Machine(name, address, self.folder / "hosts" / name, self.lan, self.key)

    def known_hosts(self) -> str:
        """Return the host keys of all machines as lines of a known_hosts file."""
        return "".join(f"{one.address} {key}\n" for one in self.machines for key in one.host_keys)

    def boot(self, *names: str) -> None:
        """Switch on the named machines, with an empty disk where there was none, and wait for them."""
        with ThreadPoolExecutor(max(1, len(names))) as pool:
            list(pool.map(lambda name: _boot(self.machine(name)), names))

    def replace(self, name: str, *, keep_host_keys: bool = False) -> None:
        """Put a machine with an empty disk in the place, and at the address, of one that loses its power."""
        machine = self.machine(name)
        machine.power_cut()
        machine.make_disk(keep_host_keys=keep_host_keys)
        self.boot(name)

    def add_images(self, tags: tuple[str, ...], docker: engine.Engine) -> None:
        """Put images of the engine into the mirror."""
        mirror.add_images(self.folder / "site", docker, tags)


@contextmanager
def running(count: int = 3) -> Iterator[Factory]:
    """Boot bare machines h1 to h<count>, and leave nothing of them behind; raises BedUnavailable without root."""
    ensure_possible()
    sweep()
    factory, owner = _create(f"test-{uuid.uuid4().hex[:8]}")
    RUNNING.append(factory)
    try:
        _fill(factory, count)
        yield factory
    finally:
        RUNNING.remove(factory)
        remove(factory.folder)
        owner.close()


def up(name: str, count: int = 3) -> Factory:
    """Boot machines that stay until ``down``; do nothing for those that are on."""
    ensure_possible()
    sweep()
    factory = find(name)
    if factory is None:
        factory, owner = _create(name)
        (factory.folder / "kept").touch()
        owner.close()
    _fill(factory, count)
    return factory


def down(name: str) -> None:
    """Take away the bed of that name, if there is one."""
    remove(BASE / name)


def find(name: str) -> Factory | None:
    """Return the bed of that name."""
    number = _number(BASE / name)
    return None if number is None else Factory(BASE / name, Lan(number))


def sweep() -> None:
    """Remove what test runs that were killed left behind; beds that were asked to stay do stay."""
    BASE.mkdir(mode=0o755, exist_ok=True)
    with locked(BASE / "folders.lock"):
        for folder in BASE.glob("*/"):
            if (folder / "kept").exists():
                continue
            if orphan := try_lock(folder / "owner.lock"):
                remove(folder)
                orphan.close()


def remove(folder: Path) -> None:
    """Kill the machines of a bed and its server by pid, take away its network, then its folder."""
    number = _number(folder)
    if number is not None:
        factory = Factory(folder, Lan(number))
        for machine in factory.machines:
            machine.power_cut()
        processes.stop(_server(folder), str(folder))
        lan.remove(factory.lan)
    for orphan in processes.with_sign(f"--directory={folder}/"):  # its supervisor was killed
        processes.kill_with_children(orphan)
    processes.unmount_below(folder)
    shutil.rmtree(folder, ignore_errors=True)


def ensure_possible() -> None:
    """Raise BedUnavailable unless machines can be booted here; in CI, install what it takes."""
    if os.geteuid() != 0:
        why = "machines have namespaces and mounts of their own"
        raise BedUnavailable([Missing("the right of root", why, "Run this as root")])
    packages.ensure(NEEDED)


def _create(name: str) -> tuple[Factory, IO[str]]:
    """Make the folder, the network and the key of a new bed."""
    BASE.mkdir(mode=0o755, exist_ok=True)
    folder = BASE / name
    with locked(BASE / "folders.lock"):
        taken = {_number(one) for one in BASE.glob("*/")}
        free = (Lan(number) for number in lan.NUMBERS if number not in taken)
        chosen = next((one for one in free if lan.is_free(one)), None)
        if chosen is None:
            raise BedError("every network 10.77.0.0/24 to 10.77.199.0/24 is in use")
        (folder / "hosts").mkdir(parents=True)
        owner = share(folder / "owner.lock")
        (folder / "lan").write_text(str(chosen.number))
    lan.remove(chosen)
    lan.create(chosen)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test bed", "-f", str(folder / "key")])
    return Factory(folder, chosen), owner


def _fill(factory: Factory, count: int) -> None:
    """Boot what is not on, and serve the mirror."""
    machine_tree.ensure()
    site = factory.folder / "site"
    if not processes.is_running(_server(factory.folder), str(factory.folder)):
        pid = mirror.serve(site, factory.gateway, factory.folder / "mirror.log")
        (factory.folder / "server.pid").write_text(str(pid))
    with ThreadPoolExecutor(2) as pool:
        booted = pool.submit(factory.boot, *(f"h{index}" for index in range(1, count + 1)))
        pool.submit(_stock, factory).result()
        booted.result()


def _stock(factory: Factory) -> None:
    mirror.lay_out(factory.folder / "site")
    with engine.running() as docker:
        images.ensure(docker)
        shops = tuple(images.ensure_shop(docker, version) for version in VERSIONS)
        factory.add_images((*images.COMMON, *shops), docker)


def _boot(machine: Machine) -> None:
    if machine.is_on():
        return
    machine.folder.mkdir(parents=True, exist_ok=True)
    if not machine.disk.exists():
        machine.make_disk()
    machine.switch_on()
    machine.wait()


def _number(folder: Path) -> int | None:
    try:
        return int((folder / "lan").read_text())
    except (OSError, ValueError):
        return None


def _server(folder: Path) -> int:
    try:
        return int((folder / "server.pid").read_text())
    except (OSError, ValueError):
        return 0
