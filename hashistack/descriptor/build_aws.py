"""Make the model of what only AWS has: machines, network, names, managed services, who is told and who may enter."""

from __future__ import annotations

from typing import Literal, cast

from hashistack import model
from hashistack.descriptor import reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.managed_versions import machine
from hashistack.descriptor.nodes import Mapping
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema import ENVIRONMENT
from hashistack.descriptor.schema_aws import ALARMS, DEPLOY, DNS, NETWORK, OTHER, STATE
from hashistack.descriptor.schema_managed import MANAGED
from hashistack.descriptor.schema_scale import CLIENTS, CPU, QUEUE, SCALE, SERVERS


def cloud(merged: Merged) -> model.Cloud:
    """Return all of an environment on AWS but its machines."""
    own = Filled(merged.own, ENVIRONMENT)
    app = reading.text(merged.app, "app")
    return model.Cloud(
        account=own.optional_text("account"),
        machine_image=own.text("machine_image"),
        network=_network(reading.mapping(merged.own, "network")),
        dns=_dns(reading.mapping(merged.own, "dns"), merged.domain),
        state=_state(merged, app),
        repositories=own.texts("repositories") if "repositories" in merged.own.entries else (app,),
        deploy=_deploy(merged.own),
        alarms=_alarms(reading.mapping(merged.own, "alarms")),
        bastion=own.texts("bastion"),
        deletion_protection=own.flag("deletion_protection"),
        logs=own.number("logs"),
        tags=_pairs(merged.own, "tags"),
    )


def servers(node: Mapping) -> model.Servers:
    """Return the machines of Consul's and Nomad's servers."""
    servers = Filled(node, SERVERS)
    return model.Servers(servers.number("count"), servers.text("type"))


def clients(node: Mapping) -> model.Clients:
    """Return the machines of the processes; one of them is no spot instance where others are."""
    clients = Filled(node, CLIENTS)
    low, spot = clients.number("min"), clients.number("spot")
    kept = clients.optional_number("on_demand")
    return model.Clients(
        min=low,
        max=clients.optional_number("max") or low,
        types=clients.texts("types"),
        spot=spot,
        on_demand=(1 if spot else 0) if kept is None else kept,
        disk=clients.number("disk"),
        scale=_scale(reading.mapping(node, "scale")),
    )


def managed(node: Mapping, service: Filled) -> model.Managed:
    """Return how AWS runs a service; one of several nodes survives the loss of a zone unless it says otherwise."""
    managed = Filled(node, MANAGED)
    zones, version = managed.optional_flag("zones"), service.optional_text("version") or ""
    return model.Managed(
        instance=managed.optional_text("instance") or machine(service.text("type"), version),
        zones=service.number("nodes") > 1 if zones is None else zones,
        backups=managed.number("backups"),
    )


def _scale(node: Mapping) -> model.ClientScale:
    scale = Filled(node, SCALE)
    return model.ClientScale(
        cpu=scale.optional_number("cpu") if node.entries else CPU,
        memory=scale.optional_number("memory"),
        requests=scale.optional_number("requests"),
        queue=_queue(reading.mapping(node, "queue")) if "queue" in node.entries else None,
    )


def _queue(node: Mapping) -> model.Queue:
    queue = Filled(node, QUEUE)
    return model.Queue(
        namespace=queue.text("namespace"),
        metric=queue.text("metric"),
        dimensions=_pairs(node, "dimensions"),
        target=queue.number("target"),
    )


def _network(node: Mapping) -> model.Network:
    network = Filled(node, NETWORK)
    return model.Network(
        cidr=network.text("cidr"),
        nat=cast(Literal["one", "zone"], network.text("nat")),
        endpoints=network.texts("endpoints"),
        flow_logs=network.number("flow_logs"),
    )


def _dns(node: Mapping, domain: str) -> model.Dns | None:
    dns = Filled(node, DNS)
    zone = dns.optional_text("zone") or domain
    if not zone:
        return None
    others = ((name, Filled(found, OTHER)) for name, found in sorted(reading.mappings(node, "others")))
    return model.Dns(
        zone=zone,
        create=dns.flag("create"),
        weight=dns.optional_number("weight"),
        others=tuple(
            model.OtherRecord(name, other.text("target"), other.number("weight")) for name, other in others
        ),
    )


def _state(merged: Merged, app: str) -> model.TerraformState | None:
    if "state" not in merged.own.entries:
        return None
    state = Filled(reading.mapping(merged.own, "state"), STATE)
    return model.TerraformState(
        bucket=state.text("bucket"),
        region=state.optional_text("region") or reading.text(merged.own, "region"),
        key=state.optional_text("key") or f"{app}/{merged.name}.tfstate",
    )


def _deploy(own: Mapping) -> model.Deploy | None:
    if "deploy" not in own.entries:
        return None
    deploy = Filled(reading.mapping(own, "deploy"), DEPLOY)
    return model.Deploy(deploy.text("github"), deploy.text("branch"), deploy.flag("provider"))


def _alarms(node: Mapping) -> model.Alarms:
    alarms = Filled(node, ALARMS)
    return model.Alarms(alarms.texts("email"), alarms.number("errors"), alarms.number("latency"))


def _pairs(node: Mapping, key: str) -> tuple[tuple[str, str], ...]:
    """Return the texts of a mapping with their names, sorted by name; a text may be empty."""
    found = reading.mapping(node, key)
    return tuple((name, reading.text(found, name)) for name in sorted(found.entries))
