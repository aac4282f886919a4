"""Make the model of an environment: each target's keys with their defaults, nothing of another target."""

from __future__ import annotations

from typing import cast

from hashistack import model
from hashistack.descriptor import build_aws, build_hosts, reading, regions
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema import ENVIRONMENT
from hashistack.descriptor.schema_targets import INGRESS, INGRESS_PORTS


def environment(merged: Merged) -> model.Environment:
    """Return the environment; the nodes must be without mistakes."""
    own = Filled(merged.own, ENVIRONMENT)
    cloud, onprem = merged.target == "aws", merged.target == "onprem"
    cluster = cloud or onprem
    region = own.optional_text("region")
    return model.Environment(
        name=merged.name,
        target=cast(model.Target, merged.target),
        domain=merged.domain or None,
        ingress=_ingress(merged),
        region=region,
        zones=own.texts("zones") or (regions.zones(region) if region else ()),
        servers=build_aws.servers(reading.mapping(merged.own, "servers")) if cloud else None,
        clients=build_aws.clients(reading.mapping(merged.own, "clients")) if cloud else None,
        cloud=build_aws.cloud(merged) if cloud else None,
        ssh=build_hosts.ssh(reading.mapping(merged.own, "ssh")) if onprem else None,
        hosts=tuple(
            build_hosts.host(name, node) for name, node in sorted(reading.mappings(merged.own, "hosts"))
        ),
        firewall=reading.text(merged.own, "firewall") == "manage",
        software=build_hosts.software(reading.mapping(merged.own, "software")) if cluster else None,
        snapshots=build_hosts.snapshots(reading.mapping(merged.own, "snapshots")) if cluster else None,
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
