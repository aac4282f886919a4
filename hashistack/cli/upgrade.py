"""`hashistack upgrade`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, HashistackError, UsageProblem
from hashistack.messages import cluster as messages
from hashistack.messages import upkeep
from hashistack.messages.usage import WAITING

if TYPE_CHECKING:
    from hashistack.targets import Site
    from hashistack.views.cluster_events import EventView


@make(
    example="hashistack upgrade -e factory --dry-run\nhashistack upgrade -e factory",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.output
@click.option("--dry-run", is_flag=True, help="Print what would be done and change nothing.")
def upgrade(
    session: Session, file: str | None, environment: str | None, output: str | None, dry_run: bool
) -> Exit:
    """Bring the versions of Nomad and Consul that the descriptor names to every host.

    Set `software: {nomad: …, consul: …}` first. Servers go one at a time, the leader last; then the other hosts, a
    quarter at a time. Instances move away from a host before it is touched. Stops at the first host that is not
    healthy afterwards; run again, it goes on from there. Back up before: `hashistack backup`.
    """
    from hashistack.views.cluster_events import EventView

    view = EventView(session.console)
    try:
        code = _upgrade(session, _site(session, view, file, environment, output, dry_run), view, dry_run)
    except HashistackError as error:
        view.failed(error.diagnostics, error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        view.failed((messages.interrupted("upgrading"),), Exit.INTERRUPTED)
        return Exit.INTERRUPTED
    view.done()
    return code


def _site(
    session: Session,
    view: EventView,
    file: str | None,
    environment: str | None,
    output: str | None,
    dry_run: bool,
) -> Site:
    """Render the environment and write its files, as `up` does."""
    from functools import partial

    from hashistack import pipeline
    from hashistack.cli.source import chosen, output_folder, source
    from hashistack.targets import Site
    from hashistack.tree import write as tree

    descriptor = source(session.terminal, file)
    read = pipeline.read(descriptor.text, descriptor.file)
    stack = chosen(read.application, environment)
    name, target = stack.environment.name, stack.environment.target
    if target != "onprem":
        raise UsageProblem(upkeep.nothing_but_machines("upgrade", name, target))
    folder: Path = output_folder(session.terminal, descriptor, output)
    if not dry_run:
        files = pipeline.build(read.application, [name]).files
        with tree.alone(folder, partial(session.console.note, WAITING)):
            pipeline.write(pipeline.compare(files, folder, [name]), folder)
    return Site(stack, session.terminal.environ, descriptor.folder, folder, view.report)


def _upgrade(session: Session, site: Site, view: EventView, dry_run: bool) -> Exit:
    from hashistack.targets import ground, upkeep
    from hashistack.views import upgrade as views

    if dry_run:
        plan = upkeep.planned_upgrade(ground.survey(site))
        view.notices((*plan.refusals, *plan.warnings))
        views.show_plan(session.console, site.stack, plan)
        return Exit.DONE
    plan = upkeep.upgrade(site, view)
    if not plan.steps:
        views.nothing(session.console, site.stack)
    return Exit.DONE


command = upgrade
