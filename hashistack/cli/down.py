"""`hashistack down`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, HashistackError, UsageProblem
from hashistack.messages import cluster as messages

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.model import Stack
    from hashistack.plan.removal import Removal
    from hashistack.views.cluster_events import EventView


@make(
    example="hashistack down -e laptop",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.yes
def down(session: Session, file: str | None, environment: str | None, yes: bool) -> Exit:
    """Remove all that up made, and nothing else.

    Removes the app's jobs, the secrets and other Nomad variables that `up` and `secrets set` made, the ingress if no
    other app needs it, and the agents that were started on this machine if nothing else runs on them. A job that
    somebody has taken over since is left. Asks first.
    """
    from hashistack import pipeline
    from hashistack.backends.cluster import connect
    from hashistack.cli.source import chosen, source
    from hashistack.views.cluster_events import EventView

    view = EventView(session.console)
    try:
        descriptor = source(session.terminal, file)
        stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
        cluster = connect(session.terminal.environ)
        with cluster.state.locked(stack.app):
            _run(session, cluster, stack, view, yes)
    except HashistackError as error:
        view.failed(error.diagnostics, error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        view.failed((messages.interrupted("removing"),), Exit.INTERRUPTED)
        return Exit.INTERRUPTED
    view.done()
    return Exit.DONE


command = down


def _run(session: Session, cluster: Cluster, stack: Stack, view: EventView, yes: bool) -> None:
    from hashistack.plan.progress import AgentsStopped, Removed
    from hashistack.views import down as views

    record = cluster.state.record(stack.app, stack.environment.name)
    if cluster.agents.silent() and cluster.agents.remains():
        if cluster.state.recorded_apps() not in ([], [stack.app]):
            cluster.agents.start()  # others' jobs are in there too: remove ours in the regular way
        else:
            _confirm(session, stack, yes)
            view.report(AgentsStopped(cluster.agents.stop()))
            cluster.state.forget(record)
            view.report(Removed("record", stack.app))
            return
    elif "Nomad" in cluster.agents.silent() and not record.jobs and not record.variables:
        views.nothing(session.console, stack.app, stack.environment.name)
        return
    removal = _removal(cluster, stack)
    if not removal.plan.steps:
        views.nothing(session.console, stack.app, stack.environment.name)
    else:
        views.show_removal(session.console, removal)
        _confirm(session, stack, yes)
        _carry_out(cluster, stack, removal, view)
    cluster.state.forget(record)


def _removal(cluster: Cluster, stack: Stack) -> Removal:
    from hashistack.backends.observe import job_states
    from hashistack.plan.removal import Remains, plan_down

    record = cluster.state.record(stack.app, stack.environment.name)
    paths = {path for path in record.variables if cluster.nomad.variable(path) is not None}
    return plan_down(
        Remains(
            stack.app,
            record.jobs,
            record.variables,
            job_states(cluster.nomad),
            frozenset(paths),
            cluster.agents.ours(),
        )
    )


def _carry_out(cluster: Cluster, stack: Stack, removal: Removal, view: EventView) -> None:
    from hashistack.backends.cluster import StateJournal, SystemClock
    from hashistack.plan.executor import Executor
    from hashistack.plan.progress import AgentsKept, Left

    for job in removal.taken_over:
        view.report(Left("job", job, "it is somebody else's now"))
    journal = StateJournal(cluster.state, stack.app, stack.environment.name)
    Executor(cluster.nomad, cluster.consul, journal, view, SystemClock(), cluster.agents.stop).carry_out(
        removal.plan
    )
    if removal.foreign:
        view.report(AgentsKept(cluster.agents.ours(), removal.foreign))


def _confirm(session: Session, stack: Stack, yes: bool) -> None:
    if yes:
        return
    if not session.terminal.asks:
        raise UsageProblem(messages.confirmation_needed(stack.app))
    click.confirm(f"Remove {stack.app} from {stack.environment.name}?", abort=True, err=True)
