"""The machines of one's own, over OpenSSH: run a command, read facts, hold the lock."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hashistack.diagnostics import BackendError, ConflictError
from hashistack.messages import hosts as messages
from hashistack.model import Host, Ssh
from hashistack.plan.hosts import HostFacts, Reach, read_facts

Answer = TypeVar("Answer")

_CONNECT_SECONDS = 10
_PATIENCE = 60.0  # seconds for a command that only looks
_BOOT_SECONDS = 30.0  # how long a machine that hangs up is asked again: while it boots, only root may log in
_SSH_FAILED = 255  # ssh(1): the exit status of ssh itself; a command's own is passed on
_SSH_PORT = 22
_KNOWN_HOSTS_FIELDS = 3  # sshd(8): hosts, type, key
_SCRIPT = "/usr/local/lib/hashistack/bootstrap.sh"

# What a host tells about itself; one NAME=value a line. Reads only.
_FACTS = r"""
sudo=no; [ "$(id -u)" = 0 ] && sudo=root; [ "$sudo" = no ] && sudo -n true 2>/dev/null && sudo=yes
as_root() { if [ "$sudo" = yes ]; then sudo -n "$@"; else "$@"; fi; }
echo "user=$(id -un)"; echo "sudo=$sudo"; echo "machine=$(uname -m)"
echo "cluster=$(as_root sed -n "s/^CLUSTER='\(.*\)'$/\1/p" /etc/hashistack/node.env 2>/dev/null)"
as_root test -s /etc/hashistack/nomad.env && echo tokens=yes
systemctl is-active -q consul && systemctl is-active -q nomad || echo agents=no
for key in /etc/ssh/ssh_host_*_key.pub; do [ -r "$key" ] && echo "host_key=$(cut -d' ' -f1,2 "$key")"; done
exit 0
"""

_LOCK = r"""
exec 9>>/run/lock/hashistack.lock
if ! flock -n 9; then echo "held $(cat /run/lock/hashistack.owner 2>/dev/null)"; exit 0; fi
printf '%s' "$1" > /run/lock/hashistack.owner
echo locked
cat > /dev/null
rm -f /run/lock/hashistack.owner
"""


@dataclass(frozen=True, slots=True)
class Result:
    """How a command on a host ended; `reach` tells whether it was ssh that failed."""

    code: int
    out: str
    err: str

    @property
    def reach(self) -> Reach:
        """Tell what became of the connection, by OpenSSH's own words."""
        if self.code != _SSH_FAILED:
            return "reached"
        if "REMOTE HOST IDENTIFICATION HAS CHANGED" in self.err:
            return "host_key_changed"
        if "Host key verification failed" in self.err:
            return "host_key_unknown"
        if "Permission denied" in self.err or "Too many authentication failures" in self.err:
            return "refused"
        return "unreachable"

    @property
    def hung_up(self) -> bool:
        """Tell whether the machine answered and then closed the connection, as it does while it boots."""
        hung_up = ("Connection closed by", "Connection reset by", "kex_exchange_identification")
        return self.reach == "unreachable" and any(words in self.err for words in hung_up)

    @property
    def last_words(self) -> str:
        """Return the last line that was printed, errors first; where the host hung up, what it said before, too."""
        lines = [line.strip() for line in (self.err.strip() or self.out.strip()).splitlines() if line.strip()]
        return "; ".join(lines[-2 if self.hung_up else -1 :]) or f"exit code {self.code}"


@dataclass(frozen=True, slots=True)
class Remote:
    """The way to one host; `known_hosts` has the keys that the descriptor names, beside the user's own file."""

    host: Host
    ssh: Ssh
    known_hosts: Path

    @property
    def name(self) -> str:
        """The name of the host."""
        return self.host.name

    def run(self, command: str, stdin: str = "", timeout: float | None = _PATIENCE) -> Result:
        """Run a shell command as the ssh user; secrets go through `stdin`, never into the command."""
        try:
            done = subprocess.run(
                self._argv(command),
                check=False,
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
            )
        except FileNotFoundError:
            raise BackendError(messages.ssh_missing()) from None
        except subprocess.TimeoutExpired:
            return Result(_SSH_FAILED, "", f"no answer within {timeout:.0f} s")
        return Result(done.returncode, done.stdout, done.stderr)

    def script(self, verb: str, stdin: str = "", timeout: float | None = None) -> Result:
        """Run a verb of the bootstrap script as root."""
        return self.run(self._as_root(f"{_SCRIPT} {verb}"), stdin, timeout)

    def as_root(self, command: str, stdin: str = "", timeout: float | None = _PATIENCE) -> Result:
        """Run a single command as root."""
        return self.run(self._as_root(command), stdin, timeout)

    def facts(self) -> HostFacts:
        """Ask the host what it is; one that hangs up may be booting and is asked again."""
        result = self.run("sh -s", _FACTS)
        deadline = time.monotonic() + _BOOT_SECONDS
        while result.hung_up and time.monotonic() < deadline:
            time.sleep(1)
            result = self.run("sh -s", _FACTS)
        return read_facts(self.name, result.reach, result.out, result.last_words)

    def lock(self, owner: str) -> subprocess.Popen[str] | None:
        """Take the host's lock; it is held until the returned process's stdin closes. None: the host is away."""
        command = self._as_root(f"sh -c {shlex.quote(_LOCK)} lock {shlex.quote(owner)}")
        process = subprocess.Popen(
            self._argv(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is for us; the lock goes when we do
        )
        said = process.stdout.readline().strip() if process.stdout else ""
        if said == "locked":
            return process
        _release(process)
        if said.startswith("held"):
            raise ConflictError(messages.locked(self.name, said.removeprefix("held").strip()))
        return None

    def _as_root(self, command: str) -> str:
        return f'if [ "$(id -u)" = 0 ]; then {command}; else sudo -n {command}; fi'

    def _argv(self, command: str) -> list[str]:
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": str(_CONNECT_SECONDS),
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "3",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": self._known(),
        }
        flags = [flag for name, value in options.items() for flag in ("-o", f"{name}={value}")]
        return ["ssh", *flags, *self._way(), self.host.address, command]

    def _way(self) -> list[str]:
        way = ["-p", str(self.ssh.port)]
        if self.ssh.user:
            way += ["-l", self.ssh.user]
        if self.ssh.key:
            way += ["-i", str(Path(self.ssh.key).expanduser()), "-o", "IdentitiesOnly=yes"]
        if bastion := self.ssh.bastion:
            way += ["-o", f"ProxyCommand={self._jump(bastion.address, bastion.port, bastion.user)}"]
        return way

    def _known(self) -> str:
        """Return ours and the user's own, as a list whose words ssh takes apart at blanks."""
        return f'"{self.known_hosts}" ~/.ssh/known_hosts'

    def _jump(self, address: str, port: int, user: str | None) -> str:
        """Return the command that goes through the bastion: with the same key and known hosts, which -J would drop."""
        known = f"UserKnownHostsFile={self._known()}"
        words = [
            "ssh",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            known,
            "-p",
            str(port),
        ]
        words += ["-l", user] if user else []
        words += ["-i", str(Path(self.ssh.key).expanduser())] if self.ssh.key else []
        return shlex.join([*words, "-W", "[%h]:%p", address])


def remotes(hosts: Sequence[Host], ssh: Ssh, known_hosts: Path) -> tuple[Remote, ...]:
    """Return the ways to the hosts."""
    if shutil.which("ssh") is None:
        raise BackendError(messages.ssh_missing())
    if ssh.key and not Path(ssh.key).expanduser().is_file():
        raise BackendError(messages.key_missing(ssh.key))
    return tuple(Remote(host, ssh, known_hosts) for host in hosts)


def recorded_keys(address: str, port: int, known_hosts: Path) -> tuple[str, ...]:
    """Return the keys that are known of a server, ours and the user's; () if there are none."""
    place = address if port == _SSH_PORT else f"[{address}]:{port}"
    found: set[str] = set()
    keygen = shutil.which("ssh-keygen") or "ssh-keygen"  # it comes with ssh
    for file in (known_hosts, Path("~/.ssh/known_hosts").expanduser()):
        if not file.exists():
            continue
        told = subprocess.run(
            [keygen, "-F", place, "-f", str(file)], check=False, capture_output=True, text=True
        )
        lines = (line.split() for line in told.stdout.splitlines() if not line.startswith(("#", "@")))
        found |= {f"{words[1]} {words[2]}" for words in lines if len(words) >= _KNOWN_HOSTS_FIELDS}
    return tuple(sorted(found))


def bastion_keys(ssh: Ssh, known_hosts: Path) -> tuple[str, ...] | None:
    """Return all keys that the bastion says it has, or those recorded where it runs no commands; None without one.

    OpenSSH records the one it saw, and Terraform asks for other types first.
    """
    bastion = ssh.bastion
    if bastion is None:
        return None
    host = Host("bastion", bastion.address, (), None, "default", bastion.host_key, ())
    direct = Ssh(bastion.user or ssh.user, bastion.port, ssh.key, None)
    told = Remote(host, direct, known_hosts).facts().host_keys
    return told or recorded_keys(bastion.address, bastion.port, known_hosts)


def gather(ways: Sequence[Remote]) -> tuple[HostFacts, ...]:
    """Ask all hosts at once."""
    return everywhere(ways, Remote.facts)


def everywhere(ways: Sequence[Remote], work: Callable[[Remote], Answer]) -> tuple[Answer, ...]:
    """Do the same on all hosts at once; the answers are in the order of the hosts."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        return tuple(pool.map(work, ways))


@contextmanager
def locked(ways: Sequence[Remote], owner: str) -> Iterator[None]:
    """Hold the lock of every host that answers; raise `ConflictError`, naming who, where somebody else has it."""
    with ExitStack() as held:
        for remote in ways:
            process = remote.lock(owner)
            if process is not None:
                held.callback(_release, process)
        yield


def _release(process: subprocess.Popen[str]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
