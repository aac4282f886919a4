"""What can be wrong with where it runs: keys of another target, missing ones, zones, hosts, ports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from hashistack.descriptor import reading
from hashistack.descriptor.build_environment import ingress_ports
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.meaning_aws import cloud
from hashistack.descriptor.meaning_hosts import hosts
from hashistack.descriptor.nodes import Finding, Mapping, Value, place
from hashistack.descriptor.reading import Filled
from hashistack.descriptor.schema_hosts import SSH
from hashistack.descriptor.schema_targets import INGRESS, TARGET_KEYS
from hashistack.descriptor.services import is_managed
from hashistack.descriptor.stand_in_ports import SIZE, blocks
from hashistack.descriptor.types import Key
from hashistack.messages import descriptor_meaning as messages

_NEEDED = {"aws": "region", "onprem": "hosts"}
# What the agents and the name server listen on, on machines where the ingress does, too; `ssh.port` comes to it.
_TAKEN = {
    53: "the name server's",
    **dict.fromkeys((4646, 4647, 4648), "Nomad's"),
    **dict.fromkeys((8300, 8301, 8500, 8501, 8600), "Consul's"),
}


def target(merged: Merged) -> Iterator[Finding]:
    """Yield what is wrong with the target of one environment; nothing if the target itself is broken."""
    own = merged.own
    if not merged.target:
        return
    yield from _foreign(own, TARGET_KEYS, merged.target)
    yield from _foreign(reading.mapping(own, "ingress"), INGRESS.keys, merged.target)
    needed = _NEEDED.get(merged.target)
    if needed and needed not in own.entries:
        yield own.key, messages.needed_by_target(own.path, needed, merged.target, TARGET_KEYS[needed].example)
    yield from _ingress(merged)
    if merged.target == "aws":
        yield from cloud(merged)
    if merged.target == "onprem":
        yield from hosts(own)


def _foreign(node: Mapping, keys: dict[str, Key], name: str) -> Iterator[Finding]:
    for key, found in node.entries.items():
        targets = keys[key].targets if key in keys else ()
        if not targets or name in targets:
            continue
        if key == "managed":
            yield found.key, messages.managed_elsewhere(found.path, name)
        else:
            yield found.key, messages.other_target(found.path, key, targets, name)


def _ingress(merged: Merged) -> Iterator[Finding]:
    own, taken, ports = reading.mapping(merged.own, "ingress"), _taken(merged), ingress_ports(merged)
    # Written ports last: a clash with a default is shown where somebody can change it.
    for key in sorted(ports, key=lambda key: key in own.entries):
        node, port = own.entries.get(key), ports[key]
        if port in taken and isinstance(node, Value):
            yield place(node), messages.duplicate_port(node.path, port, taken[port])
        if not reading.broken(own, key):
            taken.setdefault(port, f"ingress.{key}")
    for name, service in reading.mappings(merged.app, "backing_services"):
        for node in reading.items(service, "public"):
            port = cast(int, node.value)
            if port in taken:
                yield place(node), messages.duplicate_port(node.path, port, taken[port])
            taken.setdefault(port, f"backing_services.{name}.public")


def _taken(merged: Merged) -> dict[int, str]:
    """Return whose the ports are that something else than the ingress has on its machines."""
    app, services = reading.text(merged.app, "app"), reading.mapping(merged.app, "backing_services").entries
    found = blocks(app, (name for name in services if not is_managed(merged, name))) if app else {}
    taken = {
        port: f"backing_services.{name}'s"
        for name, first in found.items()
        for port in range(first, first + SIZE)
    }
    if merged.target == "local":
        return taken
    ssh = reading.mapping(merged.own, "ssh")
    own = {} if reading.broken(ssh, "port") else {Filled(ssh, SSH).number("port"): "the SSH server's"}
    return taken | _TAKEN | own
