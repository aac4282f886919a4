"""An SSH server on loopback that lets this user in with a key made for it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bed import network, packages, processes
from tests.bed.processes import run

HOST = "127.0.0.1"
_CONFIG = """
Port {port}
ListenAddress {host}
HostKey {folder}/host_ed25519
HostKey {folder}/host_ecdsa
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
StrictModes no
UsePAM no
"""


@dataclass(frozen=True, slots=True)
class Sshd:
    """Name a server that answers."""

    port: int
    user: str
    key: Path
    host_keys: tuple[str, ...]  # "ssh-ed25519 AAAA", "ecdsa-sha2-nistp256 AAAA"

    def known_hosts(self, kind: str = "ssh-ed25519") -> str:
        """Return the line of a known_hosts file for one type of host key."""
        key = next(key for key in self.host_keys if key.startswith(kind))
        return f"[{HOST}]:{self.port} {key}\n"


@contextmanager
def running(folder: Path) -> Iterator[Sshd]:
    """Start the server with fresh keys in ``folder``, which nobody else may read, and stop it at the end."""
    packages.ensure(["openssh-server", "openssh-client"])
    folder.chmod(0o700)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # what Debian's sshd separates its privileges into
    port = network.free_ports(1)[0]
    make_key(folder / "host_ed25519", "ed25519")
    make_key(folder / "host_ecdsa", "ecdsa")
    make_key(folder / "client", "ed25519")
    shutil.copy(folder / "client.pub", folder / "authorized_keys")
    (folder / "sshd_config").write_text(_CONFIG.format(port=port, host=HOST, folder=folder))
    pid = processes.start(
        [shutil.which("sshd") or "sshd", "-D", "-f", f"{folder}/sshd_config"],
        folder / "sshd.log",
        dict(os.environ),
    )
    try:
        processes.wait_for(lambda: _answers(port), seconds=10)
        public = (folder / f"host_{kind}.pub" for kind in ("ed25519", "ecdsa"))
        keys = tuple(" ".join(path.read_text().split()[:2]) for path in public)
        yield Sshd(port, getpass.getuser(), folder / "client", keys)
    finally:
        processes.stop(pid, str(folder))


def make_key(path: Path, kind: str) -> None:
    """Make a key pair without passphrase at ``path`` and ``path``.pub."""
    run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path)])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
