"""A network of their own for the machines of one bed: a bridge on this machine, a namespace behind it for each."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bed.missing import BedError
from tests.bed.processes import run

NUMBERS = range(200)
FIRST_MACHINE = 30  # h1 is 10.77.<n>.31
METADATA = "169.254.169.254"  # where instances of a cloud ask who they are
METADATA_PORT = 8169


@dataclass(frozen=True, slots=True)
class Lan:
    """Name one such network by its number, 0 to 199: 10.77.<number>.0/24."""

    number: int

    @property
    def bridge(self) -> str:
        """Return the name of the bridge, an interface of this machine."""
        return f"hs{self.number}"

    @property
    def gateway(self) -> str:
        """Return this machine's address in the network."""
        return f"10.77.{self.number}.254"

    def address(self, index: int) -> str:
        """Return the address of machine h<index>."""
        return f"10.77.{self.number}.{FIRST_MACHINE + index}"

    def namespace(self, machine: str) -> str:
        """Return the name of the machine's network namespace and of this machine's end of its cable."""
        return f"hs{self.number}-{machine}"


def create(lan: Lan) -> None:
    """Make the bridge, and let the machines talk with each other and with this machine only."""
    run(["ip", "link", "add", lan.bridge, "type", "bridge"])
    run(["ip", "address", "add", f"{lan.gateway}/24", "dev", lan.bridge])
    run(["ip", "link", "set", lan.bridge, "up"])
    for rule in _rules(lan):
        run(["iptables", "--wait", "-I", "FORWARD", *rule])


def remove(lan: Lan) -> None:
    """Take away the bridge, the namespaces behind it and the rules; what is not there is fine."""
    for one in list(_namespaces(lan)):
        _quietly("ip", "netns", "delete", one)
    _quietly("ip", "link", "delete", lan.bridge)
    for rule in _rules(lan):
        _quietly("iptables", "--wait", "-D", "FORWARD", *rule)
    leave_metadata(lan)


def is_free(lan: Lan) -> bool:
    """Tell whether no network of this machine has the number's addresses."""
    routes = json.loads(run(["ip", "-json", "-4", "route", "show"]))
    return not any(str(route["dst"]).startswith(f"10.77.{lan.number}.") for route in routes)


def plug_in(lan: Lan, machine: str, address: str) -> None:
    """Give a machine a fresh namespace, as a boot does: no rule or interface of its last life is in it."""
    unplug(lan, machine)
    name, inside = lan.namespace(machine), ["ip", "-n", lan.namespace(machine)]
    run(["ip", "netns", "add", name])
    # One address of hardware for one of the network: its neighbours remember the pair for half a minute.
    hardware = ":".join(f"{int(number):02x}" for number in ("2", "0", *address.split(".")))
    peer = ["peer", "name", "eth0", "address", hardware, "netns", name]
    run(["ip", "link", "add", name, "type", "veth", *peer])
    run(["ip", "link", "set", name, "master", lan.bridge, "up"])
    run([*inside, "address", "add", f"{address}/24", "dev", "eth0"])
    for interface in ("lo", "eth0"):
        run([*inside, "link", "set", interface, "up"])
    run([*inside, "route", "add", "default", "via", lan.gateway])


def unplug(lan: Lan, machine: str) -> None:
    """Pull the machine's cable for good: from now on nothing that it sends arrives, not even a goodbye."""
    _quietly("ip", "link", "delete", lan.namespace(machine))
    _quietly("ip", "netns", "delete", lan.namespace(machine))


def lead_metadata_here(lan: Lan) -> None:
    """Lead what machines ask of the metadata service to METADATA_PORT of this machine's address in the network."""
    # Not an address of this machine: it may be in a cloud itself and ask its own service.
    run(["iptables", "--wait", "-t", "nat", "-I", *_metadata_rule(lan)])


def leave_metadata(lan: Lan) -> None:
    """Undo that; where it was not done, nothing happens."""
    _quietly("iptables", "--wait", "-t", "nat", "-D", *_metadata_rule(lan))


def set_link(lan: Lan, machine: str, state: str) -> None:
    """Set this machine's end of the cable ``up`` or ``down``; the machine itself notices a lost carrier."""
    run(["ip", "link", "set", lan.namespace(machine), state])


def _rules(lan: Lan) -> tuple[list[str], ...]:
    # The rule added last stands first. Docker sets the policy of FORWARD to DROP, and frames of a bridge pass
    # iptables where the module br_netfilter is loaded. A refusal is quicker than silence: agents look for clouds.
    return (
        ["-i", lan.bridge, "!", "-o", lan.bridge, "-j", "REJECT"],
        ["-i", lan.bridge, "-o", lan.bridge, "-j", "ACCEPT"],
    )


def _metadata_rule(lan: Lan) -> list[str]:
    asked = ["PREROUTING", "-i", lan.bridge, "-d", METADATA, "-p", "tcp", "--dport", "80"]
    return [*asked, "-j", "REDIRECT", "--to-ports", str(METADATA_PORT)]


def _namespaces(lan: Lan) -> Iterator[str]:
    try:
        listed = run(["ip", "netns", "list"])
    except BedError:
        return
    for line in listed.splitlines():
        name = line.split()[0]
        if name.startswith(f"{lan.bridge}-"):
            yield name


def _quietly(*argv: str) -> None:
    subprocess.run(argv, capture_output=True, check=False)
