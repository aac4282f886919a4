"""The configuration of the throw-away agents, as the JSON that they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bed.network import Interface, free_ports, service_interface, task_window

LOOPBACK = "127.0.0.1"
OFF = -1


@dataclass(frozen=True, slots=True)
class Ports:
    """Name the loopback ports of one pair of agents."""

    consul_http: int
    consul_server: int
    consul_serf: int
    nomad_http: int
    nomad_rpc: int
    nomad_serf: int

    @classmethod
    def choose(cls) -> Ports:
        """Choose free ports."""
        return cls(*free_ports(6))


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold all in which one pair of agents differs from another."""

    folder: Path
    docker_host: str
    ports: Ports = field(default_factory=Ports.choose)
    interface: Interface = field(default_factory=service_interface)
    task_ports: tuple[int, int] = field(default_factory=task_window)

    @property
    def name(self) -> str:
        """Return the node name of both agents."""
        return f"bed-{self.folder.name}"


def consul(settings: Settings) -> Mapping[str, Any]:
    """Return Consul's configuration: one server on loopback, everything off that a test has no use for."""
    ports = settings.ports
    return {
        "server": True,
        "bootstrap_expect": 1,
        "node_name": settings.name,
        "data_dir": f"{settings.folder}/consul",
        "bind_addr": LOOPBACK,
        "client_addr": LOOPBACK,
        "disable_update_check": True,
        "performance": {"raft_multiplier": 1},  # an election in 1 s instead of 5
        "connect": {"enabled": False},
        "ports": {
            "http": ports.consul_http,
            "server": ports.consul_server,
            "serf_lan": ports.consul_serf,
            **dict.fromkeys(("serf_wan", "dns", "grpc", "grpc_tls", "https"), OFF),
        },
    }


def nomad(settings: Settings) -> Mapping[str, Any]:
    """Return Nomad's configuration: server and client in one agent, containers in the given Docker engine."""
    ports = settings.ports
    docker = {
        "endpoint": settings.docker_host,
        # Images of the bed are made, not pulled: nobody brings a deleted one back. Containers that this Nomad does not
        # know belong to another one on the same engine.
        "gc": [{"image": False, "dangling_containers": [{"enabled": False}]}],
        "volumes": [{"enabled": True}],
    }
    return {
        "name": settings.name,
        "data_dir": f"{settings.folder}/nomad",
        "bind_addr": LOOPBACK,
        "advertise": dict.fromkeys(("http", "rpc", "serf"), LOOPBACK),
        "ports": {"http": ports.nomad_http, "rpc": ports.nomad_rpc, "serf": ports.nomad_serf},
        "disable_update_check": True,
        "server": {
            "enabled": True,
            "bootstrap_expect": 1,
            "raft_multiplier": 1,
            "min_heartbeat_ttl": "2s",
            "heartbeat_grace": "5s",
        },
        "client": _client(settings),
        "consul": {"address": f"{LOOPBACK}:{ports.consul_http}"},
        "plugin": [{"docker": {"config": [docker]}}],
    }


def _client(settings: Settings) -> Mapping[str, Any]:
    first, last = settings.task_ports
    return {
        "enabled": True,
        "network_interface": settings.interface.name,
        # Two Nomads on one machine would hand out the same ports.
        "min_dynamic_port": first,
        "max_dynamic_port": last,
        "cni_path": "/usr/lib/cni",
        # Looking for a cloud takes seconds where there is none.
        "options": {"fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean"},
    }
