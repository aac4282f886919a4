"""Say what is wrong with a cluster: the rules about what its servers say. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from hashistack.plan import names
from hashistack.plan.checkup import Checkup, Failing, Finding, Level, Machine, Product
from hashistack.plan.report import Answer

_RENEW = timedelta(days=30)
_SEVERAL = 2
_WITH_ROLES = ("postgres", "redis")
_SHOWN = 3
_STALE_SNAPSHOTS = 3  # so many times the interval without a new one


def findings(checkup: Checkup) -> Iterator[Finding]:
    """Yield what the servers' answers tell, with one that is ok for each area where nothing is wrong."""
    for product in checkup.products:
        yield from _or_well(_quorum(checkup, product), "quorum", product.name, _well(product))
    silent = {product.name for product in checkup.products if product.problem}
    for rule, area, where, well in _AREAS:
        found = list(rule(checkup))
        # Of what could not be asked nothing is known, good or bad.
        yield from found if found or where in silent else [Finding("ok", area, where, well)]
    for job, answer in checkup.answers.items():
        yield from _or_well(_stand_in(checkup, job, answer), "stand-ins", job, "it has every copy")
    yield from _snapshots(checkup)
    if checkup.certificates:
        yield from _or_well(
            _credentials(checkup), "credentials", "this machine", "good for more than 30 days"
        )


def _or_well(found: Iterator[Finding], area: str, where: str, well: str) -> Iterator[Finding]:
    every = list(found)
    yield from every or [Finding("ok", area, where, well)]


def _well(product: Product) -> str:
    return f"{sum(peer.voter for peer in product.peers)} servers, one leads"


def _quorum(checkup: Checkup, product: Product) -> Iterator[Finding]:
    command = f"{product.name.lower()} operator raft list-peers"
    if product.problem:
        fix = f"is a majority of the servers on? `hashistack up -e {checkup.stack.environment.name}` starts them"
        yield Finding("error", "quorum", product.name, product.problem, fix)
        return
    if not product.leader:
        fix = "bring back a majority of the servers; if they are lost for good: docs/bare-metal.md, Lost servers"
        yield Finding("error", "quorum", product.name, "no leader", fix)
        return
    yield from _peers(checkup, product, command)


def _peers(checkup: Checkup, product: Product, command: str) -> Iterator[Finding]:
    servers = {host.name for host in checkup.stack.environment.hosts if "server" in host.roles}
    voters = {peer.name for peer in product.peers if peer.voter}
    for peer in product.peers:
        if not peer.healthy:
            fix = f"on {peer.name}: journalctl -u {product.name.lower()}"
            yield Finding("error", "quorum", product.name, f"server {peer.name} is not healthy", fix)
        elif not peer.voter:
            what, fix = f"server {peer.name} has no vote yet", f"wait some seconds; then `{command}`"
            yield Finding("warning", "quorum", product.name, what, fix)
        if servers and peer.name not in servers:
            fix = f"hashistack up -e {checkup.stack.environment.name} removes it"
            what = f"{peer.name} is a server and not in the descriptor"
            yield Finding("warning", "quorum", product.name, what, fix)
    for name in sorted(servers - {peer.name for peer in product.peers}):
        fix = f"hashistack up -e {checkup.stack.environment.name} brings it in"
        yield Finding("error", "quorum", product.name, f"{name} is no server of this cluster", fix)
    if len(voters) == _SEVERAL:
        what = "two servers: if either stops, there is no leader"
        yield Finding("warning", "quorum", product.name, what, "have three, or one")
    versions = {peer.version for peer in product.peers if peer.version}
    if len(versions) > 1:
        fix = f"hashistack upgrade -e {checkup.stack.environment.name} goes on with it"
        yield Finding("warning", "quorum", product.name, f"servers of {' and '.join(sorted(versions))}", fix)


def _nodes(checkup: Checkup) -> Iterator[Finding]:
    known = {machine.name: machine for machine in checkup.machines}
    clients = {
        host.name for host in checkup.stack.environment.hosts if {"client", "ingress"} & set(host.roles)
    }
    name = checkup.stack.environment.name
    for machine in checkup.machines:
        if clients and machine.name not in clients:
            fix = f"hashistack up -e {name} removes it; or: nomad node purge"
            yield Finding("warning", "machines", machine.name, "not in the descriptor", fix)
        else:
            yield from _node(machine)
    asked = not any(product.problem for product in checkup.products)
    for missing in sorted(clients - set(known)) if asked else ():
        fix = (
            f"on {missing}: journalctl -u nomad; `hashistack bootstrap -e {name}` hands it a new introduction"
        )
        yield Finding("error", "machines", missing, "Nomad does not know it", fix)


def _node(machine: Machine) -> Iterator[Finding]:
    if machine.status != "ready":
        fix = f"is {machine.name} on? there: journalctl -u nomad"
        yield Finding("error", "machines", machine.name, f"it is {machine.status}", fix)
    elif machine.draining or not machine.eligible:
        what = "it is being drained" if machine.draining else "it takes no new instances"
        fix = f"when the work on it is done: nomad node drain -disable {machine.name}"
        yield Finding("warning", "machines", machine.name, what, fix)
    elif not machine.docker:
        fix = f"on {machine.name}: systemctl status docker"
        yield Finding("error", "machines", machine.name, "Nomad finds no Docker on it", fix)


def _stand_in(checkup: Checkup, job: str, answer: Answer) -> Iterator[Finding]:
    fix = f"hashistack status -e {checkup.stack.environment.name} shows its members; docs/stand-ins.md says what to do"
    report = answer.report
    if report is None:
        yield Finding("error", "stand-ins", job, f"it cannot be asked: {answer.problem}", fix)
    elif report.quorum is False:
        yield Finding("error", "stand-ins", job, "it has no majority", fix)
    elif report.full is False:
        lacking = f": {report.under_replicated}" if report.under_replicated else ""
        yield Finding("warning", "stand-ins", job, f"not every copy is there{lacking}", fix)


def _failing(checkup: Checkup) -> Iterator[Finding]:
    roles = set(_following_a_role(checkup))
    for check in checkup.failing:
        if check.service in roles:
            continue
        level: Level = "error" if check.status == "critical" else "warning"
        yield Finding(level, "checks", check.node, _said(check), _remedy(checkup, check))


def _following_a_role(checkup: Checkup) -> Iterator[str]:
    """Yield the services that pass where the primary is, or a replica, and nowhere else: the reports tell of these."""
    for service in checkup.stack.backing_services:
        job = names.consul_service(checkup.stack.app, service.name)
        if service.type in _WITH_ROLES and job in checkup.answers:
            yield from (job, f"{job}-primary", f"{job}-replica")


def _said(check: Failing) -> str:
    name = f"{check.service}: {check.check}" if check.service else check.check
    output = " ".join(check.output.split())[:160]
    return f"{name} is {check.status}" + (f": {output}" if output else "")


def _remedy(checkup: Checkup, check: Failing) -> str:
    if check.check == "Serf Health Status":
        return f"is {check.node} on, and its Consul running? there: journalctl -u consul"
    return f"hashistack status -e {checkup.stack.environment.name}; the process's log: nomad alloc logs"


def _snapshots(checkup: Checkup) -> Iterator[Finding]:
    """Look at the newest of all servers: only the one that leads makes any."""
    times = [time for report in checkup.reports if (time := report.number("SNAPSHOT_TIME"))]
    intervals = [every for report in checkup.reports if (every := report.number("SNAPSHOT_EVERY"))]
    if not times or not intervals:  # the first may not be due yet
        return
    age = checkup.now.timestamp() - max(times)
    if age > _STALE_SNAPSHOTS * max(intervals):
        fix = "on the leader: systemctl list-timers hashistack-snapshot.timer; journalctl -u hashistack-snapshot"
        yield Finding(
            "warning", "snapshots", "servers", f"the newest snapshot is {age / 3600:.0f} h old", fix
        )


def _credentials(checkup: Checkup) -> Iterator[Finding]:
    fix = f"hashistack up -e {checkup.stack.environment.name} renews it"
    ends = {f"the certificate {name}": end for name, end in checkup.certificates.items()}
    ends |= {
        f"{product.name}'s token": product.token_expires
        for product in checkup.products
        if product.token_expires
    }
    for title, end in sorted(ends.items()):
        if end <= checkup.now:
            yield Finding("error", "credentials", "this machine", f"{title} expired on {end:%Y-%m-%d}", fix)
        elif end - checkup.now < _RENEW:
            what = f"{title} expires in {(end - checkup.now).days} days"
            yield Finding("warning", "credentials", "this machine", what, fix)


def _orphans(checkup: Checkup) -> Iterator[Finding]:
    if checkup.orphans:
        shown = ", ".join(checkup.orphans[:_SHOWN])
        shown += " …" if len(checkup.orphans) > _SHOWN else ""
        what = f"{len(checkup.orphans)} tokens of instances that are gone: {shown}"
        fix = "consul acl token list -format=json; consul acl token delete -accessor-id=…"
        yield Finding("warning", "access control", "Consul", what, fix)


_AREAS: tuple[tuple[Callable[[Checkup], Iterator[Finding]], str, str, str], ...] = (
    (_nodes, "machines", "Nomad", "all ready"),
    (_failing, "checks", "Consul", "all pass"),
    (_orphans, "access control", "Consul", "no token without an owner"),
)
