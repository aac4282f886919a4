"""Consul and Nomad agents as they run on one's own machines: TLS, gossip keys, ACLs, strict introduction of clients.

The hosts are addresses of the loopback. What is set here is what `terraform/bootstrap.sh` sets; ports differ.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hashistack.backends.endpoint import Endpoint
from hashistack.credentials.values import Credentials
from hashistack.model import Host
from tests.bed import processes
from tests.bed.network import free_ports, task_window

# The path of a socket below it may have 107 bytes.
BASE = Path(tempfile.gettempdir()) / "hashistack-bed"
STOP_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Ports:
    consul_http: int
    consul_https: int
    consul_server: int
    consul_serf: int
    consul_dns: int
    nomad_http: int
    nomad_rpc: int
    nomad_serf: int


@dataclass(slots=True)
class Machine:
    """One host: its agents, which can be started and stopped, and the folder of all that they keep."""

    host: Host
    datacenter: str
    folder: Path
    binaries: Mapping[str, Path]
    server: Machine | None = None
    ports: Ports = field(default_factory=lambda: Ports(*free_ports(8)))
    pids: dict[str, int] = field(default_factory=dict)

    @property
    def nomad(self) -> str:
        return f"https://{self.host.address}:{self.ports.nomad_http}"

    @property
    def consul(self) -> str:
        return f"https://{self.host.address}:{self.ports.consul_https}"

    def prepare(self, credentials: Credentials) -> None:
        """Write certificates and configuration."""
        mine = credentials.hosts[self.host.name]
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write("ca.pem", credentials.authority.certificate)
        self._write("agent.pem", mine.identity.certificate)
        self._write("agent-key.pem", mine.identity.key.reveal())
        self._write("consul.json", json.dumps(self._consul(credentials), indent=2))
        self._write("nomad.json", json.dumps(self._nomad(credentials), indent=2))

    def start(self, tool: str) -> None:
        flag = "-config-file" if tool == "consul" else "-config"
        command = [str(self.binaries[tool]), "agent", f"{flag}={self.folder}/{tool}.json"]
        self.pids[tool] = processes.start(command, self.folder / f"{tool}.log", _environment())

    def stop(self, tool: str) -> None:
        processes.stop(self.pids.pop(tool, 0), str(self.folder), patience=STOP_SECONDS)

    def introduce(self, token: str) -> None:
        """Do what the script on a host does with an introduction."""
        self.stop("nomad")
        (self.folder / "nomad/client").mkdir(parents=True, exist_ok=True)
        self._write("nomad/client/intro_token.jwt", token)
        self.start("nomad")

    def log(self, tool: str) -> str:
        return (self.folder / f"{tool}.log").read_text(errors="replace")

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)

    @property
    def _files(self) -> dict[str, str]:
        names = {"ca_file": "ca.pem", "cert_file": "agent.pem", "key_file": "agent-key.pem"}
        return {key: f"{self.folder}/{name}" for key, name in names.items()}

    def _consul(self, credentials: Credentials) -> dict[str, Any]:
        ports, shared = self.ports, credentials.secrets
        mine = credentials.hosts[self.host.name].consul
        role = {} if self.server else {"bootstrap_expect": 1, "performance": {"raft_multiplier": 1}}
        join = [f"{self.server.host.address}:{self.server.ports.consul_serf}"] if self.server else []
        tls = {"verify_incoming": True, "verify_outgoing": True}
        return {
            "server": self.server is None,
            **role,
            "node_name": self.host.name,
            "datacenter": self.datacenter,
            "data_dir": f"{self.folder}/consul",
            "bind_addr": self.host.address,
            "client_addr": "127.0.0.1",
            "addresses": {"https": self.host.address},
            "disable_update_check": True,
            "connect": {"enabled": False},
            "retry_join": join,
            "retry_interval": "1s",
            "ports": {
                "http": ports.consul_http,
                "https": ports.consul_https,
                "server": ports.consul_server,
                "serf_lan": ports.consul_serf,
                "dns": ports.consul_dns,
                **dict.fromkeys(("serf_wan", "grpc", "grpc_tls"), -1),
            },
            "encrypt": shared.gossip.consul.reveal(),
            "tls": {
                "defaults": {**self._files, **tls},
                "internal_rpc": {"verify_server_hostname": True},
            },
            "acl": {
                "enabled": True,
                "default_policy": "deny",
                "down_policy": "extend-cache",
                "enable_token_persistence": True,
                "tokens": {"agent": mine.secret.reveal(), "dns": shared.consul_dns.secret.reveal()},
            },
        }

    def _nomad(self, credentials: Credentials) -> dict[str, Any]:
        ports, shared = self.ports, credentials.secrets
        identity = {"aud": ["consul.io"], "ttl": "1h"}
        config: dict[str, Any] = {
            "name": self.host.name,
            "datacenter": self.datacenter,
            "region": "global",
            "data_dir": f"{self.folder}/nomad",
            "bind_addr": self.host.address,
            "advertise": dict.fromkeys(("http", "rpc", "serf"), self.host.address),
            "ports": {"http": ports.nomad_http, "rpc": ports.nomad_rpc, "serf": ports.nomad_serf},
            "disable_update_check": True,
            "acl": {"enabled": True},
            "tls": {
                **self._files,
                "http": True,
                "rpc": True,
                "verify_server_hostname": True,
                "verify_https_client": False,
            },
            "consul": {
                "address": f"127.0.0.1:{ports.consul_http}",
                "token": shared.consul_nomad.secret.reveal(),
                "server_auto_join": False,
                "client_auto_join": False,
                "service_identity": identity,
                "task_identity": identity,
            },
            "client": self._client(),
            "plugin": [{"raw_exec": {"config": [{"enabled": True}]}}],
        }
        if self.server is None:
            config["server"] = {
                "enabled": True,
                "bootstrap_expect": 1,
                "raft_multiplier": 1,
                "encrypt": shared.gossip.nomad.reveal(),
                "client_introduction": {
                    "enforcement": "strict",
                    "default_identity_ttl": "5m",
                    "max_identity_ttl": "30m",
                },
            }
        return config

    def _client(self) -> dict[str, Any]:
        first, last = task_window()
        servers = self.server or self
        return {
            "enabled": True,
            "node_pool": self.host.pool,
            "network_interface": "lo",
            "min_dynamic_port": first,
            "max_dynamic_port": last,
            "servers": [f"{servers.host.address}:{servers.ports.nomad_rpc}"],
            "options": {"fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean"},
        }


@contextmanager
def machines(
    hosts: tuple[Host, ...], datacenter: str, credentials: Credentials, binaries: Mapping[str, Path]
) -> Iterator[tuple[Machine, ...]]:
    """Lay out a machine per host, the first as the server; leave nothing of them at the end."""
    BASE.mkdir(mode=0o755, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=BASE, prefix="s-"))
    laid: list[Machine] = []
    try:
        for host in hosts:
            server = laid[0] if laid else None
            laid.append(Machine(host, datacenter, folder / host.name, binaries, server))
            laid[-1].prepare(credentials)
        yield tuple(laid)
    finally:
        for machine in reversed(laid):
            machine.stop("nomad")
            machine.stop("consul")
        for pid in processes.with_sign(str(folder)):  # the tasks' own processes outlive Nomad
            processes.kill_with_children(pid)
        processes.kill_users(folder)
        processes.unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


def at(endpoint: Endpoint, url: str) -> Endpoint:
    """Return the endpoint at another address."""
    return replace(endpoint, url=url)


def _environment() -> dict[str, str]:
    # AWS_CA_BUNDLE ends Nomad: "unable to add custom RootCAs HTTPClient".
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("NOMAD_", "CONSUL_"))}
    ours.pop("AWS_CA_BUNDLE", None)
    return {**ours, "AWS_EC2_METADATA_DISABLED": "true"}
