"""The network: VPC, subnets, ways out, endpoints, flow logs, and who may talk to whom."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.aws import entrances, services
from hashistack.model import Network, Stack

# The services whose endpoint is a line in the route tables and costs nothing.
_GATEWAYS = ("dynamodb", "s3")


Ports = dict[str, int]
"""Ports of the clients by what comes in there."""


@dataclass(frozen=True, slots=True)
class NetworkView:
    """What `network.tf`, `security.tf` and `secrets.tf` show; `gateways` and `interfaces` are kinds of endpoints.

    `external`, `internal` and `tcp` are the ports by which each load balancer reaches the clients, None without it;
    `open` are those of the last one on the internet. `data` tells whether databases have a group.
    """

    environment: str
    network: Network
    gateways: tuple[str, ...]
    interfaces: tuple[str, ...]
    external: Ports | None
    internal: Ports | None
    tcp: Ports | None
    open: tuple[str, ...]
    data: bool


def artifacts(stack: Stack, source: str, folder: str) -> tuple[Artifact, ...]:
    """Return the files of the network, of its security groups and of the key that encrypts the data."""
    cloud = stack.environment.cloud
    if cloud is None:
        return ()
    view = _view(stack, cloud.network)
    names = ("network.tf", "secrets.tf", "security.tf")
    return tuple(Artifact(f"{folder}/{name}", f"aws/{name}.j2", view, source) for name in names)


def _view(stack: Stack, network: Network) -> NetworkView:
    ingress = stack.environment.ingress
    health = {"health": ingress.admin_port}
    ports = {str(port): port for port in entrances.public_ports(stack)}
    return NetworkView(
        environment=stack.environment.name,
        network=network,
        gateways=tuple(name for name in _GATEWAYS if name in (*network.endpoints, "s3")),
        interfaces=tuple(name for name in network.endpoints if name not in _GATEWAYS),
        external={"requests": ingress.port} | health if entrances.public_hosts(stack) else None,
        internal={"requests": ingress.internal_port} | health if entrances.internal_hosts(stack) else None,
        tcp=ports | health if ports else None,
        open=tuple(ports),
        data=services.in_data_group(stack),
    )
