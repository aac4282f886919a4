"""Make the model of an environment: each target's keys with their defaults, nothing of another target."""

from __future__ import annotations

from typing import cast

from hashistack import model
from hashistack.descriptor import build_hosts, reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Mapping
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema import ENVIRONMENT
from hashistack.descriptor.schema_targets import CLIENTS, INGRESS, INGRESS_PORTS, SERVERS


def environment(merged: Merged) -> model.Environment:
    """Return the environment; the nodes must be without mistakes."""
    own = Filled(merged.own, ENVIRONMENT)
    cloud, onprem = merged.target == "aws", merged.target == "onprem"
    return model.Environment(
        name=merged.name,
        target=cast(model.Target, merged.target),
        domain=merged.domain or None,
        ingress=_ingress(merged),
        region=own.optional_text("region"),
        zones=own.texts("zones"),
        servers=_servers(reading.mapping(merged.own, "servers")) if cloud else None,
        clients=_clients(reading.mapping(merged.own, "clients")) if cloud else None,
        ssh=build_hosts.ssh(reading.mapping(merged.own, "ssh")) if onprem else None,
        hosts=tuple(
            build_hosts.host(name, node) for name, node in sorted(reading.mappings(merged.own, "hosts"))
        ),
        firewall=reading.text(merged.own, "firewall") == "manage",
        software=build_hosts.software(reading.mapping(merged.own, "software")) if onprem else None,
        snapshots=build_hosts.snapshots(reading.mapping(merged.own, "snapshots")) if onprem else None,
    )


def ingress_ports(merged: Merged) -> dict[str, int]:
    """Return the ports of the ingress by key, each given or the default of the target."""
    own = reading.mapping(merged.own, "ingress")
    return {key: reading.number(own, key) or default for key, default in INGRESS_PORTS[merged.target].items()}


def _ingress(merged: Merged) -> model.Ingress:
    vip = Filled(reading.mapping(merged.own, "ingress"), INGRESS).optional_text("vip")
    ports = ingress_ports(merged)
    return model.Ingress(
        ports["port"], ports.get("tls_port"), ports["internal_port"], ports["admin_port"], vip
    )


def _servers(node: Mapping) -> model.Servers:
    servers = Filled(node, SERVERS)
    return model.Servers(servers.number("count"), servers.text("type"))


def _clients(node: Mapping) -> model.Clients:
    clients = Filled(node, CLIENTS)
    low = clients.number("min")
    return model.Clients(
        low, clients.optional_number("max") or low, clients.texts("types"), clients.flag("spot")
    )
