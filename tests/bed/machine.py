"""One booted Debian machine: switch it on and off, give it a new disk, run commands on it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from tests.bed import lan, machine_tree, processes
from tests.bed.lan import Lan
from tests.bed.missing import BedError
from tests.bed.processes import run

ROOT = Path(__file__).parents[2]
BOOT_SECONDS = 60.0
# The host is busy with the cgroups of other machines at times, and then systemd cannot put a process into a new one
# (EXIT_CGROUP, systemd.exec(5)): on a machine of its own that does not happen. What failed otherwise stays failed.
_START_AGAIN = (
    "for unit in $(systemctl --failed --no-legend --plain | cut -d ' ' -f 1); do "
    '[ "$(systemctl show -P ExecMainStatus $unit)" != 219 ] || systemctl restart $unit; done'
)
HOST_KEYS = "etc/ssh/ssh_host_*_key"


@dataclass(frozen=True, slots=True)
class Machine:
    """Name one machine; all that it is lies in its folder."""

    name: str
    address: str
    folder: Path  # disk/, console.log, machine.json
    lan: Lan
    key: Path  # private SSH key of admin and root

    @property
    def disk(self) -> Path:
        """Return the root of the machine's file system, to be looked at from outside at any time."""
        return self.folder / "disk"

    @property
    def namespace(self) -> str:
        """Return the name of the machine's network namespace."""
        return self.lan.namespace(self.name)

    @property
    def known_hosts(self) -> Path:
        """Return the file with the host keys that SSH compares with."""
        return self.folder / "known_hosts"

    @property
    def host_keys(self) -> tuple[str, ...]:
        """Return the public host keys as ``type base64``, as a known_hosts line has after the address."""
        files = sorted(self.disk.glob(f"{HOST_KEYS}.pub"))
        return tuple(" ".join(file.read_text().split()[:2]) for file in files)

    def ssh(self, command: str, user: str = "root", seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a shell command on the machine, whatever it ends with; 255 is SSH's own failure."""
        argv = [*self.ssh_command(user), command]
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
        )

    def run(self, command: str, user: str = "root", seconds: float = 120) -> str:
        """Run a shell command on the machine and return its output; raise BedError if it fails."""
        done = self.ssh(command, user, seconds)
        if done.returncode != 0:
            words = processes.last_lines(done.stdout + done.stderr)
            raise BedError(f"{self.name}: {command} ended with {done.returncode}:\n{words}")
        return done.stdout

    def ssh_command(self, user: str = "root") -> list[str]:
        """Return the command that logs in, without a question and without a look at this user's own files."""
        options = ("BatchMode=yes", "ConnectTimeout=5", "StrictHostKeyChecking=yes", "LogLevel=ERROR")
        flags = [word for one in (*options, f"UserKnownHostsFile={self.known_hosts}") for word in ("-o", one)]
        return ["ssh", "-F", "none", "-i", str(self.key), *flags, f"{user}@{self.address}"]

    def is_on(self) -> bool:
        """Tell whether the machine has power."""
        return processes.is_running(_pid(self.folder), str(self.folder))

    def power_cut(self) -> None:
        """Cut the power: the network first, so that not even the end of a connection is heard of."""
        lan.unplug(self.lan, self.name)
        self.end_processes()

    def end_processes(self) -> None:
        """Kill the process of the machine, nspawn and its init, by pid; the kernel ends what init has started."""
        pid = _pid(self.folder)
        if not processes.is_running(pid, str(self.folder)):
            return
        family = [pid, *_descendants(pid, depth=2)]
        for one in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        processes.wait_for(lambda: not any(map(_lives, family[1:])), seconds=20)
        processes.wait_for(lambda: not self.is_on(), seconds=20)

    def switch_on(self) -> None:
        """Begin to boot from the disk as it is; ``wait`` tells when it is done."""
        command = [sys.executable, "-m", "tests.bed.machine_process", str(self.folder)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        pid = processes.start(command, self.folder / "console.log", env)
        (self.folder / "pid").write_text(str(pid))

    def wait(self, seconds: float = BOOT_SECONDS) -> None:
        """Wait until the machine is booted and lets everybody in whose key it knows."""
        try:
            processes.wait_for(lambda: self._is_booted(seconds) or not self.is_on(), seconds=seconds)
            processes.wait_for(self._lets_admin_in, seconds=seconds)
        except (TimeoutError, BedError) as error:
            log = (self.folder / "console.log").read_text(errors="replace")
            raise BedError(f"{self.name} did not boot ({error}):\n{processes.last_lines(log)}") from error

    def set_link(self, state: str) -> None:
        """Set the network cable ``up`` or ``down``."""
        lan.set_link(self.lan, self.name, state)

    def make_disk(self, *, keep_host_keys: bool = False) -> None:
        """Give the machine, which is off, a disk as an installer leaves it."""
        kept = (
            [(file.name, file.read_bytes()) for file in self.disk.glob(f"{HOST_KEYS}*")]
            if keep_host_keys
            else []
        )
        remove_disk(self.folder)
        run(["cp", "--archive", "--reflink=auto", str(machine_tree.ensure().root), str(self.disk)])
        for name, content in kept:
            _write(self.disk / "etc/ssh" / name, content, 0o644 if name.endswith(".pub") else 0o600)
        settings = {
            "name": self.name,
            "address": self.address,
            "lan": self.lan.number,
            "uuid": str(uuid.uuid4()),
        }
        (self.folder / "machine.json").write_text(json.dumps(settings))
        self._prepare(self.disk, self.key.with_suffix(".pub").read_bytes())

    def _prepare(self, disk: Path, public_key: bytes) -> None:
        _write(disk / "etc/hostname", f"{self.name}\n".encode())
        _write(disk / "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n::1 localhost\n".encode())
        _write(disk / "etc/resolv.conf", f"nameserver {self.lan.gateway}\n".encode())
        source = f"deb [trusted=yes] http://{self.lan.gateway}:8000/debian ./\n"
        _write(disk / "etc/apt/sources.list", source.encode())
        _write(disk / "root/.ssh/authorized_keys", public_key, 0o600)
        _write(disk / f"home/{machine_tree.ADMIN}/.ssh/authorized_keys", public_key, 0o600)
        home = disk / "home" / machine_tree.ADMIN
        for path in (home / ".ssh", home / ".ssh/authorized_keys"):
            os.chown(path, home.stat().st_uid, home.stat().st_gid)

    def _is_booted(self, seconds: float) -> bool:
        """Tell whether all that boots has done so; until then only root is let in (pam_nologin)."""
        # `--wait` fails at once where the bus is not there yet: that is asked again, and not taken for an answer.
        booted = "case $(systemctl is-system-running --wait) in running|degraded) ;; *) false ;; esac"
        return self._is_reachable() and self.ssh(booted, seconds=seconds).returncode == 0

    def _lets_admin_in(self) -> bool:
        """Tell whether more than root may log in, which is among what may not have started."""
        self.run(f"{_START_AGAIN}; systemctl --failed --no-legend >&2")
        return self.ssh("true", machine_tree.ADMIN).returncode == 0

    def _is_reachable(self) -> bool:
        try:
            socket.create_connection((self.address, 22), timeout=1).close()
        except OSError:
            return False
        self.known_hosts.write_text("".join(f"{self.address} {key}\n" for key in self.host_keys))
        return self.ssh("true").returncode == 0


def remove_disk(folder: Path) -> None:
    """Remove a machine's disk, whatever it has mounted or made immutable."""
    processes.unmount_below(folder)
    shutil.rmtree(folder / "disk", ignore_errors=True)


def _write(file: Path, content: bytes, mode: int = 0o644) -> None:
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)


def _pid(folder: Path) -> int:
    try:
        return int((folder / "pid").read_text())
    except (OSError, ValueError):
        return 0


def _descendants(pid: int, depth: int) -> list[int]:
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    below = [one for child in children for one in _descendants(child, depth - 1)] if depth > 1 else []
    return [*children, *below]


def _lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"  # dead, and its new parent has not asked yet
