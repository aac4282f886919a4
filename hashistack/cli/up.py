"""`hashistack up`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, HashistackError, UsageProblem
from hashistack.messages import cluster as messages
from hashistack.messages.usage import WAITING

if TYPE_CHECKING:
    from pathlib import Path

    from hashistack.backends.cluster import Cluster
    from hashistack.plan.actual import Actual
    from hashistack.plan.planner import Wanted
    from hashistack.plan.sensitive import Sensitive
    from hashistack.views.cluster_events import EventView


@make(
    example="hashistack up -e laptop --version v1",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.output
@click.option(
    "--version",
    metavar="VERSION",
    help="The tag of the image to run. Needed if the descriptor's image has none.",
)
@click.option("--secrets-file", metavar="PATH", help="NAME=value lines, for secrets that have no value yet.")
@click.option(
    "--adopt",
    is_flag=True,
    help="Take over jobs of these names that hashistack did not make, and hosts with a Nomad or Consul of another.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be done and change nothing.")
def up(
    session: Session,
    file: str | None,
    environment: str | None,
    output: str | None,
    version: str | None,
    secrets_file: str | None,
    adopt: bool,
    dry_run: bool,
) -> Exit:
    """Bring an environment up, from nothing to an application that answers.

    Starts Nomad and Consul for a local target if none answer, makes the hosts of target onprem a secured cluster, asks
    for missing secrets, runs the release step, submits the jobs in their order, follows each until it is healthy and
    prints the addresses. Run again, it changes only what is different, and goes on where it was interrupted.
    """
    from hashistack import targets
    from hashistack.views.cluster_events import EventView

    view = EventView(session.console)
    try:
        wanted, home, folder = _wanted(
            session, view, _Asked(file, environment, output, version, adopt, dry_run)
        )
        given = _given(session, secrets_file)
        if dry_run:
            return _show(session, targets.connect(wanted.stack, session.terminal.environ), wanted, given)
        site = targets.Site(wanted.stack, session.terminal.environ, home, folder, view.report, adopt)
        with targets.raised(site) as cluster:
            _run(session, cluster, wanted, given, view)
    except HashistackError as error:
        view.failed(error.diagnostics, error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        view.failed((messages.interrupted(view.doing),), Exit.INTERRUPTED)
        return Exit.INTERRUPTED
    view.done()
    return Exit.DONE


command = up


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options that decide what is to run."""

    file: str | None
    environment: str | None
    output: str | None
    version: str | None
    adopt: bool
    dry_run: bool


def _wanted(session: Session, view: EventView, asked: _Asked) -> tuple[Wanted, Path, Path]:
    """Render the environment, write its files and return what is to run, ejected files as their user left them.

    Also returns the folders of the descriptor and of the files.
    """
    from hashistack import pipeline
    from hashistack.cli.source import chosen, output_folder, source
    from hashistack.plan.files import job_files, version_to_run
    from hashistack.plan.planner import Wanted
    from hashistack.tree import write as tree

    descriptor = source(session.terminal, asked.file)
    read = pipeline.read(descriptor.text, descriptor.file)
    stack = chosen(read.application, asked.environment)
    name = stack.environment.name
    version = version_to_run(stack.image, asked.version)
    built = pipeline.build(read.application, [name])
    view.notices((*descriptor.warnings, *read.warnings, *built.notices))
    folder = output_folder(session.terminal, descriptor, asked.output)
    wait = partial(session.console.note, WAITING)
    with nullcontext() if asked.dry_run else tree.alone(folder, wait):
        changes = pipeline.compare(built.files, folder, [name])
        if not asked.dry_run:
            pipeline.write(changes, folder)
    kept = changes.lock.ejected
    files = {f.path: (folder / f.path).read_bytes() if f.path in kept else f.content for f in built.files}
    return Wanted(stack, job_files(files, name), version, asked.adopt), descriptor.folder, folder


def _given(session: Session, secrets_file: str | None) -> dict[str, Sensitive]:
    from hashistack.plan.dotenv import read_dotenv

    if secrets_file is None:
        return {}
    path = session.terminal.cwd / secrets_file
    try:
        return read_dotenv(path.read_text(encoding="utf-8"), secrets_file)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(messages.unreadable_secrets_file(secrets_file, str(error))) from error


def _run(
    session: Session, cluster: Cluster, wanted: Wanted, given: Mapping[str, Sensitive], view: EventView
) -> None:
    from hashistack.backends.cluster import StateJournal, SystemClock
    from hashistack.plan.executor import Executor
    from hashistack.plan.planner import absent_secrets, plan_up
    from hashistack.plan.progress import Ready

    actual = _actual(cluster, wanted)
    plan_up(
        wanted, actual, _pretended(absent_secrets(wanted.stack, actual))
    )  # asks for nothing if it cannot work anyway
    given = {
        **_asked(session, [name for name in absent_secrets(wanted.stack, actual) if name not in given]),
        **given,
    }
    plan = plan_up(wanted, actual, given)
    journal = StateJournal(cluster.state, wanted.stack.app, wanted.stack.environment.name)
    executor = Executor(cluster.nomad, cluster.consul, journal, view, SystemClock(), cluster.agents.stop)
    executor.carry_out(plan)
    view.report(Ready(wanted.stack.app, wanted.version, plan.addresses))


def _actual(cluster: Cluster, wanted: Wanted) -> Actual:
    from hashistack.backends.observe import observe

    values = {"version": wanted.version, "consul_address": cluster.consul_address}
    return observe(cluster.nomad, cluster.consul, wanted.stack, wanted.files, values)


def _pretended(names: tuple[str, ...]) -> dict[str, Sensitive]:
    from hashistack.plan.sensitive import Sensitive

    return dict.fromkeys(names, Sensitive(""))


def _asked(session: Session, names: list[str]) -> dict[str, Sensitive]:
    """Ask for values on the terminal, without showing what is typed; without one nothing is asked."""
    from hashistack.plan.sensitive import Sensitive

    if not session.terminal.asks:
        return {}
    return {name: Sensitive(click.prompt(name, hide_input=True, err=True)) for name in names}


def _show(session: Session, cluster: Cluster, wanted: Wanted, given: Mapping[str, Sensitive]) -> Exit:
    from hashistack.plan.planner import absent_secrets, plan_up
    from hashistack.views.up import show_plan

    actual = _actual(cluster, wanted)
    pretended = _pretended(absent_secrets(wanted.stack, actual))
    show_plan(session.console, plan_up(wanted, actual, {**pretended, **given}))
    return Exit.DONE
