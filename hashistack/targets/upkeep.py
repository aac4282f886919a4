"""The later days of machines of one's own: looking at all of them, new versions, agents that start anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hashistack.backends import bootstrap as acl
from hashistack.backends import hosts as ssh
from hashistack.backends import terraform
from hashistack.backends.cluster import Cluster, SystemClock
from hashistack.backends.credentials import credentials_folder
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.fleet import Apis, Fleet
from hashistack.backends.nomad import Nomad
from hashistack.backends.patience import until
from hashistack.backends.reports import Reports
from hashistack.backends.servers import consul_servers, first_answering, nomad_servers, on_hosts
from hashistack.backends.vitals import Vitals
from hashistack.credentials.authority import expires
from hashistack.credentials.values import Found
from hashistack.diagnostics import BackendError
from hashistack.messages import hosts as messages
from hashistack.model import Stack
from hashistack.plan.checkup import Checkup, Product, Report, read_report
from hashistack.plan.progress import Progress, Warned
from hashistack.plan.report import Answer
from hashistack.plan.stand_ins import stand_ins
from hashistack.plan.upgrade import Upgrade, plan_upgrade
from hashistack.plan.upgrader import Upgrader
from hashistack.targets import Site, aws_upkeep, connect
from hashistack.targets.by_hand import current_credentials
from hashistack.targets.ground import Ground, check_uploads, complete_credentials, locked, look, survey
from hashistack.targets.onprem import bootstrap

_REPORT_SECONDS = 40.0  # it starts a container
_RESTART_SECONDS = 90.0
_TOLD_SECONDS = 30.0  # until all servers have heard of a token that one of them has made
_NO_CREDENTIALS = "cannot be asked: there are no credentials of it on this machine"


def examine(site: Site) -> Checkup:
    """Ask every host and the servers; what cannot be asked is part of the answer."""
    now = datetime.now(UTC)
    if site.stack.environment.target == "aws":
        return _examine_aws(site, Checkup(site.stack, now))
    if site.stack.environment.target != "onprem":
        cluster = connect(site.stack, site.environ, site.report)
        return _asked(Checkup(site.stack, now), cluster.consul.endpoint, cluster.nomad.endpoint)
    ground = survey(site)
    found = ground.folder.read()
    checkup = Checkup(
        site.stack,
        now,
        reports=ssh.everywhere(ground.ways, _report),
        certificates=_ends(found),
    )
    if found.secrets is None:
        return replace(
            checkup, products=(Product("Consul", _NO_CREDENTIALS), Product("Nomad", _NO_CREDENTIALS))
        )
    consul = _first(consul_servers(on_hosts(site.stack), ground.folder, found.secrets))
    nomad = _first(nomad_servers(on_hosts(site.stack), ground.folder, found.secrets))
    return _asked(checkup, consul, nomad)


def _examine_aws(site: Site, checkup: Checkup) -> Checkup:
    """Ask the servers in AWS; raise where no way leads to them."""
    cluster = connect(site.stack, site.environ, site.report)
    found = credentials_folder(site.environ, site.stack).read()
    asked = _asked(checkup, cluster.consul.endpoint, cluster.nomad.endpoint)
    return replace(asked, certificates=_ends(found))


def _ends(found: Found) -> dict[str, datetime]:
    known = {
        "of the authority": found.authority,
        "of the operator": found.operator,
        "of the ingress": found.ingress,
    }
    return {name: expires(identity) for name, identity in known.items() if identity}


def planned_upgrade(ground: Ground) -> Upgrade:
    """Return what an upgrade to the descriptor's versions would do."""
    fleet = _fleet(ground, ground.site.report)
    return plan_upgrade(ground.stack, fleet.running(), fleet.leaders())


def upgrade(site: Site, progress: Progress) -> Upgrade:
    """Bring the descriptor's versions to all hosts; return what was done."""
    ground = survey(site)
    facts = look(ground)
    check_uploads(ground, facts)
    software = site.stack.environment.software
    assert software is not None  # noqa: S101 - the descriptor's checker fills it in for this target
    with locked(ground):
        complete_credentials(ground, facts)
        plan = planned_upgrade(ground)
        for warning in plan.warnings:
            progress.report(Warned(warning))
        fleet = _fleet(ground, progress.report)
        Upgrader(fleet, progress, SystemClock(), software.consul, software.nomad).carry_out(plan)
    return plan


def begin(site: Site, cluster: Cluster, answer_us: Callable[[], bool]) -> None:
    """Have servers that lost all they knew know our tokens again: they take a backup from nobody else."""
    if site.stack.environment.target != "local":
        acl.begin(cluster.nomad, cluster.consul, site.report)
        until(answer_us, _TOLD_SECONDS)


def restart_nomad(site: Site, cluster: Cluster) -> None:
    """Start Nomad's agents anew, one host after another, each when there is a leader again; containers go on."""
    if site.stack.environment.target == "aws":
        aws_upkeep.restart_nomad(site, cluster)
    if site.stack.environment.target != "onprem":
        return
    ways = survey(site).ways
    # Until all have been started anew there is a server that knows the keys of the time before. A machine that it lets
    # in by one of them is refused by all others from then on, for good: that ends when it starts once more.
    for way in (*ways, *ways[:-1]):
        result = way.as_root("systemctl restart nomad")
        if result.code:
            raise BackendError(messages.lost_during(way.name, "restarting Nomad", result.last_words))
        until(cluster.nomad.ready, _RESTART_SECONDS)


def hand_out(site: Site, cluster: Cluster) -> None:
    """Give every host tokens that the cluster knows: those it has may be of another time."""
    if site.stack.environment.target == "aws":
        aws_upkeep.hand_out(site, cluster)
    if site.stack.environment.target != "onprem":
        return
    ground = survey(site)
    names = [host.name for host in site.stack.environment.hosts]
    bootstrap(ground, current_credentials(ground), cluster, names)


def _asked(checkup: Checkup, consul: Endpoint, nomad: Endpoint) -> Checkup:
    vitals = Vitals(consul, nomad)
    products = vitals.products()
    return replace(
        checkup,
        products=products,
        machines=vitals.machines(),
        failing=vitals.failing(),
        orphans=vitals.orphans(),
        answers={} if any(product.problem for product in products) else _answers(checkup.stack, nomad),
    )


def _answers(stack: Stack, nomad: Endpoint) -> Mapping[str, Answer]:
    """Ask the stand-ins that were begun how they are."""
    client = Nomad(nomad)
    return Reports(client).of([each for each in stand_ins(stack) if client.job(each.job)])


def _report(way: ssh.Remote) -> Report:
    """Let a host report; the clock is asked on its own, for a report takes its time."""
    before = time.time()
    clock = way.run("date +%s")
    after = time.time()
    if clock.reach != "reached":
        return Report(way.name, clock.reach, clock.last_words)
    result = way.script("report", timeout=_REPORT_SECONDS)
    return Report(
        way.name,
        result.reach,
        result.last_words,
        read_report(result.out),
        _skew(clock.out.strip(), before, after),
    )


def _skew(told: str, before: float, after: float) -> float | None:
    """Return how far a clock that shows whole seconds is outside of the time in which it was asked."""
    if not told.isdigit():
        return None
    seconds = int(told)
    if seconds > after:
        return seconds - after
    return min(0.0, seconds + 1 - before)


def _first(servers: Sequence[Endpoint]) -> Endpoint:
    """Return a server that answers; if none does the first, whose silence becomes the finding."""
    try:
        return first_answering(servers)
    except BackendError:
        return servers[0]


def _apis(ground: Ground, found: Found) -> Apis:
    if found.secrets is None:
        name = ground.stack.environment.name
        raise BackendError(messages.no_credentials(ground.stack.app, name, str(ground.folder.path)))
    return Apis(
        consul=first_answering(consul_servers(on_hosts(ground.stack), ground.folder, found.secrets)),
        nomad=first_answering(nomad_servers(on_hosts(ground.stack), ground.folder, found.secrets)),
    )


def _fleet(ground: Ground, report: terraform.Report) -> Fleet:
    found = ground.folder.read()

    def install(hosts: Sequence[str]) -> None:
        targets = [f"terraform_data.{part}_{host}" for host in hosts for part in ("install", "agent")]
        terraform.apply(ground.site.terraform, ground.folder.variables, report, targets=targets)

    return Fleet(ground.stack, lambda: _apis(ground, found), install)
