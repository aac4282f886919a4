"""`hashistack plan`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import BackendError, Exit

if TYPE_CHECKING:
    from hashistack.cli.sites import Rendered
    from hashistack.diagnostics import Diagnostic
    from hashistack.model import Stack
    from hashistack.plan.steps import Plan
    from hashistack.views.cluster_events import EventView
    from hashistack.views.plan import Outlook


@make(
    example="hashistack plan -e production\nhashistack plan -e production --detailed-exitcode --json",
    exits=(Exit.CHANGES, Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE),
)
@options.file
@options.required_environment
@options.output
@click.option(
    "--version", metavar="VERSION", help="Show what becomes of the jobs too, with this tag of the image."
)
@click.option("--detailed-exitcode", is_flag=True, help="End with 2 if there is something to change.")
def plan(
    session: Session,
    file: str | None,
    environment: str | None,
    output: str | None,
    version: str | None,
    detailed_exitcode: bool,
) -> Exit:
    """Show what up would change, what it costs, and whether the processes find room.

    Writes the files of the environment, as `render` does, and asks Terraform; changes nothing else. On AWS, what loses
    data, interrupts or replaces machines is said at the end, and a month's cost is estimated from a small table of list
    prices. On machines of your own it names the hosts that change.
    """
    from hashistack.views import plan as views

    view = _view(session)
    made = sites.rendered(session, sites.Asked(file, environment, output), view, lambda stack: None)
    outlook = _outlook(made, view, version)
    if session.console.json:
        outlook = replace(outlook, notices=(*_notices(made.site.stack), *outlook.notices))
    code = Exit.CHANGES if detailed_exitcode and outlook.pending else Exit.DONE
    views.show(session.console, outlook, code)
    return code


command = plan


def _view(session: Session) -> EventView:
    """Return who tells what is waited for; the one document of --json has no events in it."""
    from hashistack.views.cluster_events import EventView

    console = session.console
    return EventView(replace(console, json=False, quiet=True) if console.json else console)


def _outlook(made: Rendered, view: EventView, version: str | None) -> Outlook:
    from hashistack.targets import planned
    from hashistack.views.plan import Outlook

    name, stack = made.site.stack.environment.name, made.site.stack
    match stack.environment.target:
        case "local":
            planned_jobs = _jobs(made, view, version)
            return Outlook(name, jobs=planned_jobs, notices=planned_jobs.warnings)
        case "onprem":
            hosts = planned.on_hosts(made.site)
            jobs, notices = _jobs_if_asked(made, view, version)
            return Outlook(name, hosts=hosts, jobs=jobs, notices=notices)
        case "aws":
            from hashistack.plan.cost import estimate
            from hashistack.plan.fit import fit, warnings

            summary = planned.in_aws(made.site)
            jobs, notices = _jobs_if_asked(made, view, version)
            told = (*warnings(stack), *notices)
            return Outlook(name, summary, estimate(stack), fit(stack), jobs=jobs, notices=told)


def _jobs_if_asked(
    made: Rendered, view: EventView, version: str | None
) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    """Return the plan of the jobs, where a version is asked for, and what to know of it; or why there is none."""
    from hashistack.messages import plan as messages

    if version is None:
        return None, ()
    try:
        jobs = _jobs(made, view, version)
    except BackendError as error:  # the cluster may not be yet
        return None, (messages.jobs_not_planned(error.diagnostics[0].summary),)
    return jobs, jobs.warnings


def _jobs(made: Rendered, view: EventView, version: str | None) -> Plan:
    from hashistack import targets
    from hashistack.cli.job_plan import job_plan
    from hashistack.plan.files import job_files, version_to_run
    from hashistack.plan.planner import Wanted

    stack = made.site.stack
    files = job_files(made.files, stack.environment.name)
    wanted = Wanted(stack, files, version_to_run(stack.image, version))
    return job_plan(targets.connect(stack, made.site.environ, view.report), wanted, {})


def _notices(stack: Stack) -> tuple[Diagnostic, ...]:
    """Return what `sites.rendered` has told people already."""
    from hashistack.compile.notices import notices

    return notices(stack)
