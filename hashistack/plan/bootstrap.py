"""What is between access control as it is and as it is to be, as steps; pure, like the planner of jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hashistack.model import Host, Stack
from hashistack.plan.access import node_grants, nomad_policies
from hashistack.plan.acl import (
    MARK,
    ConsulAccess,
    ConsulToken,
    ConsulValue,
    NomadAccess,
    NomadPolicy,
    NomadToken,
)

P = TypeVar("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Changes(Generic[P, R]):
    """What to make or to change, in its order; what of ours to remove: a host's token, the policy of a job."""

    put: tuple[P, ...]
    remove: tuple[R, ...] = ()


ConsulChanges = Changes[ConsulValue, ConsulToken]
NomadChanges = Changes[NomadPolicy, NomadPolicy | NomadToken]


@dataclass(frozen=True, slots=True)
class Grant:
    """A token with `policy`, for the variable `variable` of a host's nomad.env; `name` is how Nomad lists it.

    Until the host has it, the token is listed under `pending`: a run that is interrupted hands it over later.
    """

    variable: str
    policy: str
    name: str

    @property
    def pending(self) -> str:
        """The name of the token as long as the host does not have it."""
        return f"{self.name} (to be handed over)"


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give a host its tokens; `introduce` is the node pool that its Nomad client joins with them, None: it has."""

    host: str
    grants: tuple[Grant, ...]
    introduce: str | None


def base_changes(wanted: ConsulAccess, actual: ConsulAccess) -> ConsulChanges:
    """Return what is to be changed in Consul before Nomad can work; tokens of hosts that left are revoked."""
    known = {token.accessor for token in wanted.base if isinstance(token, ConsulToken)}
    tokens = [value for value in actual.base if isinstance(value, ConsulToken) and _ours(value.description)]
    return Changes(
        put=tuple(value for value in wanted.base if value not in actual.base),
        remove=tuple(token for token in tokens if token.accessor not in known),
    )


def job_changes(wanted: ConsulAccess, actual: ConsulAccess) -> ConsulChanges:
    """Return what is to be changed in Consul so that it knows Nomad's jobs."""
    return Changes(put=tuple(value for value in wanted.jobs if value not in actual.jobs))


def nomad_changes(stack: Stack, actual: NomadAccess) -> NomadChanges:
    """Return what is to be changed in Nomad; tokens of hosts and policies of jobs that are no more are removed."""
    wanted = nomad_policies(stack)
    names = {policy.name for policy in wanted}
    policies = [
        policy for policy in actual.policies if _ours(policy.description) and policy.name not in names
    ]
    grants = [grant for host in stack.environment.hosts for grant in _grants(host)]
    known = {name for grant in grants for name in (grant.name, grant.pending)}
    tokens = [token for token in actual.tokens if _ours(token.name) and token.name not in known]
    return Changes(
        put=tuple(policy for policy in wanted if policy not in actual.policies), remove=(*policies, *tokens)
    )


def hand_overs(
    hosts: Sequence[Host],
    actual: NomadAccess,
    leader: str,
    lacking: frozenset[str] = frozenset(),
    *,
    introduces: bool = True,
) -> tuple[tuple[HandOver, ...], ...]:
    """Return who has to be given something, in waves; `leader` is the address of the server that leads Nomad.

    A host that gets an introduction has its Nomad restarted. Servers go one after another, the leader last, so that
    there always is one who lets them in: a client that is turned away asks again only after 15 to 30 seconds. All
    other hosts go together. `lacking` are hosts that are known to have lost what they were given. Where a role has the
    credentials and not a machine, nobody is introduced.
    """
    found = (_hand_over(host, actual, host.name in lacking, introduces) for host in hosts)
    needed = [(host, step) for host, step in zip(hosts, found, strict=True) if step]
    servers = [(host, step) for host, step in needed if "server" in host.roles and step.introduce]
    servers.sort(key=lambda pair: (pair[0].address == leader, pair[0].name))
    others = tuple(step for host, step in needed if (host, step) not in servers)
    waves = [*((step,) for _, step in servers), others]
    return tuple(wave for wave in waves if wave)


def _hand_over(host: Host, actual: NomadAccess, lacking: bool, introduces: bool) -> HandOver | None:
    known = {token.name for token in actual.tokens}
    grants = tuple(_grants(host))
    new = introduces and "client" in host.roles and host.name not in actual.nodes
    introduce = host.pool if new else None
    if introduce is None and not lacking and all(grant.name in known for grant in grants):
        return None
    return HandOver(host.name, grants, introduce)


def _grants(host: Host) -> Iterator[Grant]:
    for variable, policy in node_grants(host):
        yield Grant(variable, policy, f"{MARK}{policy.removeprefix('hashistack-')} {host.name}")


def _ours(description: str) -> bool:
    return description.startswith(MARK)
