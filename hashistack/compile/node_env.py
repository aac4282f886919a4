"""What a machine is told about itself and its cluster: the lines of /etc/hashistack/node.env."""

from __future__ import annotations

from hashistack.compile.ingress import public_ports
from hashistack.model import Environment, Host, Snapshots, Software, Stack

Settings = tuple[tuple[str, str], ...]
"""Names and values, in the order in which they are shown."""

_ARCHITECTURES = ("amd64", "arm64")
# keepalived's priorities are 1 to 254, and 100 is its default (keepalived.conf(5)).
_FIRST_PRIORITY = 200


def cluster_settings(stack: Stack) -> Settings:
    """Return what all hosts of an environment are told alike."""
    environment = stack.environment
    servers = [host.address for host in environment.hosts if "server" in host.roles]
    settings: dict[str, str] = {
        "CLUSTER": f"{stack.app}-{environment.name}",
        "DATACENTER": environment.name,
        "SERVERS": " ".join(servers),
        "SERVER_COUNT": str(len(servers)),
        **software_settings(environment.software),
        "FIREWALL": "manage" if environment.firewall else "none",
        # Only the firewall asks for them: without it a new host changes nothing on the others.
        "HOSTS": " ".join(host.address for host in environment.hosts) if environment.firewall else "",
        "SSH_PORT": str(environment.ssh.port) if environment.ssh else "",
        **_ingress(stack),
        **snapshot_settings(environment.snapshots),
    }
    return tuple(settings.items())


def host_settings(environment: Environment, host: Host) -> Settings:
    """Return what one host is told beside that."""
    ingress = _ingress_hosts(environment)
    settings = {
        "NODE_NAME": host.name,
        "ADDRESS": host.address,
        "ROLES": " ".join(host.roles),
        "RACK": host.rack or "",
        "POOL": host.pool,
        "VOLUMES": " ".join(f"{name}={folder}" for name, folder in host.volumes),
        "VIP_PRIORITY": str(max(1, _FIRST_PRIORITY - ingress.index(host))) if host in ingress else "",
    }
    return tuple(settings.items())


def software_settings(software: Software | None) -> dict[str, str]:
    """Return which Nomad and Consul a machine installs, and from where."""
    if software is None:
        return {}
    checksums = dict(software.checksums)
    versions = {"nomad": software.nomad, "consul": software.consul}
    sums = {
        f"{product.upper()}_SHA256_{architecture}": checksums.get(
            f"{product}_{version}_linux_{architecture}.zip", ""
        )
        for product, version in versions.items()
        for architecture in _ARCHITECTURES
    }
    return {
        "NOMAD_VERSION": software.nomad,
        "CONSUL_VERSION": software.consul,
        "SOFTWARE_FROM": software.source,
        "SOFTWARE_URL": software.url,
        **sums,
        "IMAGES_MIRROR": software.images or "",
    }


def ingress_ports(stack: Stack) -> str:
    """Return the ports that the ingress listens on, as a machine is told them."""
    ingress = stack.environment.ingress
    # The last one is the only one that is not for everybody.
    ports = (ingress.port, ingress.tls_port, ingress.internal_port, *public_ports(stack), ingress.admin_port)
    return " ".join(str(port) for port in ports if port is not None)


def _ingress(stack: Stack) -> dict[str, str]:
    environment, ingress = stack.environment, stack.environment.ingress
    peers = [host.address for host in _ingress_hosts(environment)] if ingress.vip else []
    return {
        "INGRESS_PORTS": ingress_ports(stack),
        "VIP": ingress.vip or "",
        "VIP_PEERS": " ".join(peers),
    }


def _ingress_hosts(environment: Environment) -> list[Host]:
    return [host for host in environment.hosts if "ingress" in host.roles]


def snapshot_settings(snapshots: Snapshots | None) -> dict[str, str]:
    """Return how often a server saves its state."""
    if snapshots is None:
        return {}
    return {"SNAPSHOT_EVERY": str(snapshots.every), "SNAPSHOT_KEEP": str(snapshots.keep)}
