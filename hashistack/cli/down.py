"""`hashistack down`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.frame import framed
from hashistack.cli.question import agreed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit
from hashistack.messages import cluster as messages

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.backends.state import Record
    from hashistack.model import Stack
    from hashistack.plan.removal import Removal, Situation
    from hashistack.targets import Site
    from hashistack.views.cluster_events import EventView


@make(
    example="hashistack down -e laptop",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.output
@options.yes
@click.option(
    "--purge",
    is_flag=True,
    help="Remove the data of backing services too; on machines of your own also the credentials.",
)
def down(
    session: Session, file: str | None, environment: str | None, output: str | None, yes: bool, purge: bool
) -> Exit:
    """Remove all that up made but data, and nothing else.

    Removes the app's jobs, the secrets and other Nomad variables that `up` and `secrets set` made, the ingress if no
    other app needs it, and the agents that were started on this machine if nothing else runs on them. A job that
    somebody has taken over since is left. The volumes of backing services stay, with their passwords and certificates,
    so that the next `up` finds the data again, unless --purge is given. Asks first.

    On machines of your own it ends the processes and takes everything off the hosts; data folders and the credentials
    stay, so that `up` brings back the same cluster, unless --purge is given. In AWS it says what would be lost, and
    destroys everything: databases and buckets too, unless they are protected (`deletion_protection`).
    """

    def work(view: EventView) -> Exit:
        site = sites.existing(session, sites.Asked(file, environment, output), view.report)
        match site.stack.environment.target:
            case "local":
                return _end(session, site, view, yes=yes, purge=purge)
            case "onprem":
                return _clear(session, site, yes=yes, purge=purge)
            case "aws":
                return _destroy(session, site, yes=yes, purge=purge)

    return framed(session, work, "removing")


command = down


def _end(session: Session, site: Site, view: EventView, *, yes: bool, purge: bool) -> Exit:
    """Take the app out of the cluster on this machine."""
    from hashistack import targets

    cluster = targets.connect(site.stack, session.terminal.environ)
    with cluster.state.locked(site.stack.app):
        return _run(session, cluster, site.stack, view, yes=yes, purge=purge)


def _destroy(session: Session, site: Site, *, yes: bool, purge: bool) -> Exit:
    """Take the environment out of AWS."""
    from hashistack.plan.stand_ins import stand_ins
    from hashistack.targets import aws_clearing
    from hashistack.views import down as views

    sites.check_agreement(session, site.stack, "down", yes=yes)
    found = aws_clearing.losses(site)
    if aws_clearing.nothing_left(site, found) and not purge:
        views.nothing(session.console, site.stack.app, site.stack.environment.name)
        return Exit.DONE
    volumes = [each.job for each in stand_ins(site.stack) if each.engine.stateful]
    views.show_losses(session.console, found, volumes, purge=purge)
    if not _agreed(session, site.stack.app, site.stack.environment.name, yes=yes):
        return Exit.FAILED
    aws_clearing.cleared(site, purge=purge)
    return Exit.DONE


def _clear(session: Session, site: Site, *, yes: bool, purge: bool) -> Exit:
    """Take the cluster off machines of one's own."""
    from hashistack.targets import clearing
    from hashistack.views import down as views

    environment = site.stack.environment
    views.show_hosts(session.console, environment, purge=purge)
    if not _agreed(session, site.stack.app, environment.name, yes=yes):
        return Exit.FAILED
    return Exit.DONE if clearing.cleared(site, purge=purge) else Exit.FAILED


def _run(
    session: Session, cluster: Cluster, stack: Stack, view: EventView, *, yes: bool, purge: bool
) -> Exit:
    from hashistack.plan.removal import way_down
    from hashistack.views import down as views

    record = cluster.state.record(stack.app, stack.environment.name)
    way = way_down(_situation(cluster, record, purge=purge))
    if way == "nothing":
        views.never_up(session.console, stack.app, stack.environment.name)
        return Exit.DONE
    if way == "kept":
        views.only_data(session.console, stack.app, record.volumes)
        return Exit.DONE
    if way == "forget":
        return _forget(session, cluster, record, view, yes)
    if way == "restart":
        cluster.agents.start()  # others have something in there too: remove ours in the regular way
    removal = _removal(cluster, record, purge=purge)
    if not removal.plan.steps:
        views.nothing(session.console, stack.app, stack.environment.name)
    else:
        views.show_removal(session.console, removal, () if purge else record.volumes)
        if not _agreed(session, record.app, record.environment, yes=yes):
            return Exit.FAILED
    _carry_out(cluster, record, removal, view)
    if record.volumes and not purge:
        cluster.state.save(_remembered(record))
    else:
        cluster.state.forget(record)
    return Exit.DONE


def _remembered(record: Record) -> Record:
    """Return what is left of a record where only data stays."""
    from hashistack.plan.removal import data_variables

    kept = data_variables(record.volumes)
    variables = tuple(path for path in record.variables if path in kept)
    return replace(record, jobs=(), variables=variables)


def _situation(cluster: Cluster, record: Record, *, purge: bool) -> Situation:
    from hashistack.plan.removal import Situation

    keeps = bool(record.volumes) and not purge
    removed = _remembered(record) != record if keeps else bool(record.jobs or record.variables)
    return Situation(
        recorded=removed,
        others=bool(_others(cluster, record)),
        silent=frozenset(cluster.agents.silent()),
        nomad_ours=(cluster.state.agent("nomad") / "agent.json").exists(),
        agents_ours=cluster.agents.remains(),
        loopback=cluster.nomad.endpoint.loopback,
        keeps=keeps,
    )


def _others(cluster: Cluster, record: Record) -> list[Record]:
    """Return the records of other apps, and of other environments of this one, in the same cluster."""
    files = sorted(path.stem.rpartition("@") for path in cluster.state.apps.glob("*@*.json"))
    records = [cluster.state.record(app, environment) for app, _, environment in files]
    return [each for each in records if each != record and (each.jobs or each.variables)]


def _forget(session: Session, cluster: Cluster, record: Record, view: EventView, yes: bool) -> Exit:
    """Remove what is on this machine of a cluster that does not answer: dead agents of ours, the record."""
    from hashistack.plan.progress import AgentsStopped, Removed
    from hashistack.views import down as views

    wipes = cluster.agents.remains()
    views.show_lost(session.console, record.jobs, record.variables, wipes=wipes)
    if not _agreed(session, record.app, record.environment, yes=yes):
        return Exit.FAILED
    if wipes:
        view.report(AgentsStopped(cluster.agents.stop()))
    cluster.state.forget(record)
    view.report(Removed("record", record.app))
    return Exit.DONE


def _removal(cluster: Cluster, record: Record, *, purge: bool) -> Removal:
    from hashistack.backends.observe import job_states
    from hashistack.plan.removal import Remains, plan_down

    others = _others(cluster, record)
    busy = [each for each in others if each != _remembered(each)]
    return plan_down(
        Remains(
            record.app,
            record.jobs,
            record.variables,
            jobs=job_states(cluster.nomad),
            variables=frozenset(p for p in record.variables if cluster.nomad.variable(p) is not None),
            agents=cluster.agents.ours(),
            others=tuple(f"{each.app} ({each.environment})" for each in busy),
            needed=frozenset(path for each in others for path in each.variables),
            recorded_volumes=record.volumes,
            purge=purge,
            data_of_others=any(each.volumes for each in others),
        )
    )


def _carry_out(cluster: Cluster, record: Record, removal: Removal, view: EventView) -> None:
    from hashistack.cli.job_plan import executor
    from hashistack.plan.progress import AgentsKept, Left

    for job in removal.taken_over:
        view.report(Left("job", job, "it is somebody else's now"))
    for job in removal.elsewhere:
        view.report(Left("job", job, f"{record.environment} did not bring it up from this machine"))
    executor(cluster, record.app, record.environment, view).carry_out(removal.plan)
    if removal.foreign:
        view.report(AgentsKept(cluster.agents.ours(), removal.foreign))
    elif removal.others:
        agents = " and ".join(cluster.agents.ours())
        view.report(Left("agents", agents, f"{', '.join(removal.others)} has something in them"))


def _agreed(session: Session, app: str, environment: str, *, yes: bool) -> bool:
    return agreed(session, f"Remove {app} from {environment}?", messages.confirmation_needed(app), yes=yes)
