"""Make the model of what only machines of one's own have: hosts, SSH, software, snapshots."""

from __future__ import annotations

from typing import cast

from hashistack import model
from hashistack.descriptor import reading, releases
from hashistack.descriptor.nodes import Mapping
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema_hosts import BASTION, HOST, SNAPSHOTS, SOFTWARE, SSH


def host(name: str, node: Mapping) -> model.Host:
    """Return a machine."""
    host = Filled(node, HOST)
    return model.Host(
        name=name,
        address=host.text("address"),
        roles=tuple(sorted(host.texts("roles"))),
        rack=host.optional_text("rack"),
        pool=host.text("pool"),
        host_key=_key(host),
        volumes=tuple(reading.texts(node, "volumes").items()),
    )


def ssh(node: Mapping) -> model.Ssh:
    """Return how to log in; the bastion's user is the hosts' if it has none of its own."""
    ssh = Filled(node, SSH)
    bastion = None
    if "bastion" in node.entries:
        between = Filled(reading.mapping(node, "bastion"), BASTION)
        user = between.optional_text("user") or ssh.text("user")
        bastion = model.Bastion(between.text("address"), user, between.number("port"), _key(between))
    return model.Ssh(ssh.text("user"), ssh.number("port"), ssh.optional_text("key"), bastion)


def software(node: Mapping) -> model.Software:
    """Return the versions with the checksums of their zips, those given before those known."""
    software = Filled(node, SOFTWARE)
    given = reading.texts(node, "checksums")
    versions = {product: software.text(product) for product in releases.DEFAULTS}
    sums = [releases.checksums(product, version, given) for product, version in versions.items()]
    mirror, images = software.optional_text("mirror"), software.optional_text("images")
    return model.Software(
        nomad=versions["nomad"],
        consul=versions["consul"],
        source=cast(model.Source, software.text("from")),
        url=(mirror or releases.SITE).rstrip("/"),
        images=images and images.rstrip("/"),
        checksums=tuple(sorted((name, sha256) for each in sums for name, sha256 in each.items())),
    )


def snapshots(node: Mapping) -> model.Snapshots:
    """Return how often the servers save their state."""
    snapshots = Filled(node, SNAPSHOTS)
    return model.Snapshots(snapshots.number("every"), snapshots.number("keep"))


def _key(holder: Filled) -> str | None:
    """Return the host key without its comment."""
    key = holder.optional_text("host_key")
    return key and " ".join(key.split()[:2])
