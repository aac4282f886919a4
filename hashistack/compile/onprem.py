"""Machines of one's own: the Terraform that makes the hosts of an environment one cluster."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact, Copy
from hashistack.compile.node_env import Settings, cluster_settings, host_settings
from hashistack.model import Environment, Host, Ssh, Stack

SCRIPT = "bootstrap.sh"
# The second one has what only machines of one's own need.
_SCRIPTS = (SCRIPT, "host.sh")
_TEMPLATES = ("clients.tf", "hosts.tf", "outputs.tf", "servers.tf", "variables.tf", "versions.tf")
# Terraform uploads each command as a script, and empties that script afterwards where its folder is still there.
# The first one makes a folder that nobody else can enter; the others lie in it, and the last one takes it away.
_UPLOADS = "~/.hashistack"
_INSTALLED = f"/usr/local/lib/hashistack/{SCRIPT}"
_NOMAD_PORT = 4646
# A point of P-256 whose x is SHA-256 of "hashistack: a key that nobody has 4": a private key for it would have to be
# guessed. No SSH server can show a key of this type, which is for keys of users on a token.
_NOBODYS_KEY = (
    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAAB"
    "BBI2oWmqcTbXWiGjVAeKJFbSn7iqiKv8LUIrKxa3X6SOQnupXDhHBAsrqSgS9rWGRHuL0vThtb7x12nwqGfT5nJIAAAAGbm9ib2R5"
)


@dataclass(frozen=True, slots=True)
class HostView:
    """One host: what it is told, the names of its two resources, and the one that its agents wait for."""

    name: str
    variables: Settings
    install: str
    agent: str
    after: str | None


@dataclass(frozen=True, slots=True)
class OnpremView:
    """What the templates in `terraform/onprem` show; `pushed` tells whether the hosts' software is uploaded."""

    environment: str
    ssh: Ssh
    cluster: Settings
    servers: tuple[HostView, ...]
    clients: tuple[HostView, ...]
    nomad_addresses: tuple[str, ...]
    pushed: bool
    by_hand: str
    nobodys_key: str
    prepare: str
    tidy: str
    install: str
    start: str
    remove: str

    @property
    def hosts(self) -> tuple[HostView, ...]:
        """Return all hosts by name."""
        return tuple(sorted((*self.servers, *self.clients), key=lambda host: host.name))


def terraform(stack: Stack, source: str) -> tuple[Artifact | Copy, ...]:
    """Return the root module of an environment on machines of one's own; other targets have none here."""
    environment = stack.environment
    if environment.ssh is None or environment.software is None:
        return ()
    folder = f"{environment.name}/terraform"
    view = _view(stack, environment.ssh)
    files = {name: f"onprem/{name}.j2" for name in _TEMPLATES} | {".gitignore": "onprem/gitignore.j2"}
    artifacts = (Artifact(f"{folder}/{name}", template, view, source) for name, template in files.items())
    return (*artifacts, *(Copy(f"{folder}/{name}", name) for name in _SCRIPTS))


def _view(stack: Stack, ssh: Ssh) -> OnpremView:
    environment = stack.environment
    sudo = "" if ssh.user == "root" else "sudo -n "
    servers = [host for host in environment.hosts if "server" in host.roles]
    clients = [host for host in environment.hosts if "server" not in host.roles]
    waits = [None, *map(_agent, servers)]
    return OnpremView(
        environment=environment.name,
        ssh=ssh,
        cluster=cluster_settings(stack),
        servers=tuple(_host(environment, host, after) for host, after in zip(servers, waits, strict=False)),
        clients=tuple(_host(environment, host, waits[-1]) for host in clients),
        nomad_addresses=tuple(f"https://{host.address}:{_NOMAD_PORT}" for host in servers),
        pushed=environment.software is not None and environment.software.source == "push",
        by_hand=f'eval "$(hashistack env -e {environment.name})"',
        nobodys_key=_NOBODYS_KEY,
        prepare=f"mkdir -m 700 -p {_UPLOADS} && mkdir -p {_UPLOADS}/run",
        tidy=f"rm -f {_UPLOADS}-prepare.sh",
        install=f"{sudo}sh {_UPLOADS}/{SCRIPT} install",
        start=f"{sudo}{_INSTALLED} start {_UPLOADS}",
        remove=f"[ ! -x {_INSTALLED} ] || {sudo}{_INSTALLED} remove",
    )


def _host(environment: Environment, host: Host, after: str | None) -> HostView:
    settings = host_settings(environment, host)
    return HostView(host.name, settings, f"install_{host.name}", _agent(host), after)


def _agent(host: Host) -> str:
    return f"agent_{host.name}"
