"""Bring other versions of Consul and Nomad to the hosts, a few at a time: which steps, in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hashistack.diagnostics import Diagnostic
from hashistack.messages import upkeep as messages
from hashistack.model import Host, Stack
from hashistack.plan.backup import release

PRODUCTS = ("Consul", "Nomad")
_SHARE = 4  # a quarter of the machines may be away at once


@dataclass(frozen=True, slots=True)
class Running:
    """The versions that a host runs, "" for one that is not known."""

    host: str
    consul: str
    nomad: str

    def of(self, product: str) -> str:
        """Return the version of one product."""
        return self.consul if product == "Consul" else self.nomad


@dataclass(frozen=True, slots=True)
class Lead:
    """Make `host` the leader of a product: a leader that stops costs an election."""

    product: str
    host: str


@dataclass(frozen=True, slots=True)
class Empty:
    """Move the instances on a host elsewhere."""

    host: str


@dataclass(frozen=True, slots=True)
class Install:
    """Bring the new versions to hosts, all at once, and wait until they are healthy."""

    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Admit:
    """Let a host take instances again."""

    host: str


Step = Lead | Empty | Install | Admit


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The steps, what forbids them and what should be known before."""

    steps: tuple[Step, ...]
    refusals: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts in the order in which they are upgraded."""
        return tuple(host for step in self.steps if isinstance(step, Install) for host in step.hosts)


def plan_upgrade(stack: Stack, running: Sequence[Running], leaders: Mapping[str, str]) -> Upgrade:
    """Return the steps: servers one after another in the order of their names, leaders last, then the others."""
    told = {each.host: each for each in running}
    wanted = _wanted(stack)
    due = {host.name for host in stack.environment.hosts if _differs(told.get(host.name), wanted)}
    if not due:
        return Upgrade(())
    steps = (*_servers(stack, due, leaders), *_others(stack, due))
    return Upgrade(steps, tuple(_downgrades(running, wanted)), tuple(_leaps(running, wanted)))


def _wanted(stack: Stack) -> dict[str, str]:
    software = stack.environment.software
    return {"Consul": software.consul, "Nomad": software.nomad} if software else {}


def _differs(running: Running | None, wanted: Mapping[str, str]) -> bool:
    return running is not None and any(running.of(product) != version for product, version in wanted.items())


def _servers(stack: Stack, due: set[str], leaders: Mapping[str, str]) -> Iterator[Step]:
    servers = [host for host in stack.environment.hosts if "server" in host.roles]
    waiting = [host for host in servers if host.name in due]
    leading = dict(leaders)
    if len(servers) > 1 and waiting:
        yield from _move(leading, {host.name for host in waiting[:-1]}, waiting[-1].name)
    for host in waiting:
        if len(servers) > 1:
            heir = next(other.name for other in servers if other is not host)
            yield from _move(leading, {host.name}, heir)
        yield from _upgrade(stack, (host,))


def _move(leading: dict[str, str], away: set[str], heir: str) -> Iterator[Step]:
    """Yield what takes leadership off the hosts `away`, and remember who has it then."""
    for product in PRODUCTS:
        if leading.get(product) in away:
            leading[product] = heir
            yield Lead(product, heir)


def _others(stack: Stack, due: set[str]) -> Iterator[Step]:
    hosts = [host for host in stack.environment.hosts if "server" not in host.roles]
    waiting = [host for host in hosts if host.name in due]
    size = max(1, len(_workers(stack)) // _SHARE)
    for start in range(0, len(waiting), size):
        yield from _upgrade(stack, tuple(waiting[start : start + size]))


def _upgrade(stack: Stack, hosts: tuple[Host, ...]) -> Iterator[Step]:
    # The only machine has nowhere to move its instances; containers outlive a restart of Nomad.
    movable = [host.name for host in hosts if _works(host) and len(_workers(stack)) > len(hosts)]
    yield from (Empty(name) for name in movable)
    yield Install(tuple(host.name for host in hosts))
    yield from (Admit(name) for name in movable)


def _workers(stack: Stack) -> list[Host]:
    return [host for host in stack.environment.hosts if _works(host)]


def _works(host: Host) -> bool:
    return bool({"client", "ingress"} & set(host.roles))


def _downgrades(running: Sequence[Running], wanted: Mapping[str, str]) -> Iterator[Diagnostic]:
    for each in running:
        for product, version in wanted.items():
            if each.of(product) and release(each.of(product)) > release(version):
                yield messages.downgrade(each.host, product, each.of(product), version)


def _leaps(running: Sequence[Running], wanted: Mapping[str, str]) -> Iterator[Diagnostic]:
    for product, version in wanted.items():
        oldest = min((each.of(product) for each in running if each.of(product)), key=release, default=version)
        (major, minor), (new_major, new_minor) = release(oldest)[:2], release(version)[:2]
        if major == new_major and new_minor > minor + 1:
            yield messages.skips_a_version(product, oldest, version)
