"""What stands between the hosts of the descriptor and a cluster: facts in, refusals and departures out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hashistack.descriptor.releases import zip_name
from hashistack.diagnostics import Diagnostic
from hashistack.messages import hosts as messages
from hashistack.model import Environment, Host, Software, Ssh

_SSH_PORT = 22
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # what uname says, what releases are called
_MEMBER = re.compile(r'terraform_data\.member\["(.+)"\]')  # terraform/onprem/hosts.tf.j2

Reach = Literal["reached", "unreachable", "refused", "host_key_unknown", "host_key_changed"]


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a host says of itself.

    `cluster` is the one it belongs to, "" on a machine that is not set up; `tokens`: it has been given Nomad's;
    `agents`: Consul and Nomad run.
    """

    name: str
    reach: Reach
    detail: str = ""
    user: str = ""
    root: bool = False
    cluster: str = ""
    tokens: bool = False
    agents: bool = True
    architecture: str = ""
    host_keys: tuple[str, ...] = ()

    @property
    def reached(self) -> bool:
        """Whether the host let us in."""
        return self.reach == "reached"


@dataclass(frozen=True, slots=True)
class Member:
    """One host as the running cluster knows it."""

    name: str
    server: bool
    alive: bool


@dataclass(frozen=True, slots=True)
class Departures:
    """Members to part with: `leaving` are no longer in the descriptor, `replaced` came back as empty machines."""

    leaving: tuple[Member, ...]
    replaced: tuple[Member, ...]


def read_facts(name: str, reach: Reach, out: str, detail: str) -> HostFacts:
    """Read the lines NAME=value that a host printed."""
    if reach != "reached":
        return HostFacts(name, reach, detail)
    pairs = [line.partition("=")[::2] for line in out.splitlines() if "=" in line]
    told = dict(pairs)
    return HostFacts(
        name=name,
        reach=reach,
        user=told.get("user", ""),
        root=told.get("sudo") in ("root", "yes"),
        cluster=told.get("cluster", ""),
        tokens=told.get("tokens") == "yes",
        agents=told.get("agents") != "no",
        architecture=_ARCHITECTURES.get(told.get("machine", ""), ""),
        host_keys=tuple(value for key, value in pairs if key == "host_key" and " " in value),
    )


def obstacles(
    hosts: Sequence[Host], facts: Sequence[HostFacts], ssh: Ssh, cluster: str, seen: frozenset[str]
) -> tuple[Diagnostic, ...]:
    """Return all that forbids a start; a host that was seen before may be away, which is a warning."""
    told = {each.name: each for each in facts}
    return tuple(
        problem
        for host in hosts
        for problem in _obstacles(host, told[host.name], ssh, cluster, host.name in seen)
    )


def _obstacles(host: Host, facts: HostFacts, ssh: Ssh, cluster: str, seen: bool) -> Iterator[Diagnostic]:
    match facts.reach:
        case "unreachable":
            away = messages.away(host.name, host.address)
            yield away if seen else messages.unreachable(host.name, host.address, facts.detail)
        case "refused":
            yield messages.login_refused(host.name, ssh.user, facts.detail)
        case "host_key_unknown":
            yield messages.host_key_unknown(host.name, host.address, ssh.port)
        case "host_key_changed":
            place = None if host.host_key else _place(host.address, ssh.port)
            yield messages.host_key_changed(host.name, host.address, place)
        case "reached" if not facts.root:
            yield messages.no_sudo(host.name, facts.user)
        case "reached" if facts.cluster not in ("", cluster):
            yield messages.other_cluster(host.name, facts.cluster, cluster)


def departures(hosts: Sequence[Host], facts: Sequence[HostFacts], members: Sequence[Member]) -> Departures:
    """Return which members leave, and which must be forgotten because their machine is a new one."""
    named, new = {host.name for host in hosts}, empty(facts)
    return Departures(
        leaving=tuple(member for member in members if member.name not in named),
        replaced=tuple(member for member in members if member.name in new),
    )


def unlisted(hosts: Sequence[Host], resources: Sequence[str]) -> tuple[str, ...]:
    """Name the hosts that are resources of Terraform's state, by their addresses, and are not listed any more."""
    members = (_MEMBER.fullmatch(each) for each in resources)
    return tuple(sorted({found[1] for found in members if found} - {host.name for host in hosts}))


def clients(hosts: Sequence[Host], facts: Sequence[HostFacts]) -> frozenset[str]:
    """Name the hosts that run jobs and were reached."""
    reached = {each.name for each in facts if each.reached}
    return frozenset(host.name for host in hosts if "client" in host.roles and host.name in reached)


def empty(facts: Sequence[HostFacts]) -> tuple[str, ...]:
    """Name the hosts that are set up for nothing yet, or no longer."""
    return tuple(each.name for each in facts if each.reached and not each.cluster)


def to_do_again(facts: Sequence[HostFacts]) -> tuple[str, ...]:
    """Return the resources that Terraform takes for done: the machine is a new one, or its agents have stopped."""
    new = empty(facts)
    stopped = (each.name for each in facts if each.reached and each.cluster and not each.agents)
    return (
        *(f"terraform_data.{part}_{name}" for name in new for part in ("install", "agent")),
        *(f"terraform_data.agent_{name}" for name in stopped),
    )


def uploads(software: Software, facts: Sequence[HostFacts]) -> tuple[str, ...]:
    """Name the zips that have to be pushed to these hosts; none where the hosts download them."""
    if software.source != "push":
        return ()
    kinds = sorted({each.architecture for each in facts if each.architecture})
    products = (("consul", software.consul), ("nomad", software.nomad))
    return tuple(zip_name(product, version, kind) for product, version in products for kind in kinds)


def without_tokens(facts: Sequence[HostFacts]) -> tuple[str, ...]:
    """Name the hosts that have no tokens of Nomad, whatever the cluster remembers of having given them."""
    return tuple(each.name for each in facts if each.reached and not each.tokens)


def risk(parting: Departures, members: Sequence[Member]) -> tuple[Diagnostic, ...]:
    """Return an error if the servers that would remain are no majority of those that the cluster counts on."""
    servers = [member for member in members if member.server]
    going = [member for member in (*parting.leaving, *parting.replaced) if member.server]
    staying = [member for member in servers if member.alive and member not in going]
    if going and 2 * len(staying) <= len(servers):
        return (messages.quorum_at_risk([member.name for member in going], len(servers)),)
    return ()


def host_keys(
    hosts: Sequence[Host], facts: Sequence[HostFacts], before: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the keys by which Terraform recognises each host; one that is away keeps those it had `before`.

    All of them, for Terraform asks for other types first than OpenSSH does.
    """
    told = {each.name: each.host_keys for each in facts}
    named = {host.name: (host.host_key,) if host.host_key else () for host in hosts}
    return {
        host.name: tuple(sorted(told.get(host.name) or before.get(host.name) or named[host.name]))
        for host in hosts
    }


def known_hosts(environment: Environment) -> str:
    """Return the host keys that the descriptor names, as OpenSSH's known_hosts."""
    ssh = environment.ssh
    if ssh is None:
        return ""
    named = [(host.address, ssh.port, host.host_key) for host in environment.hosts]
    if ssh.bastion:
        named.append((ssh.bastion.address, ssh.bastion.port, ssh.bastion.host_key))
    return "".join(f"{_place(address, port)} {key}\n" for address, port, key in named if key)


def _place(address: str, port: int) -> str:
    return address if port == _SSH_PORT else f"[{address}]:{port}"
