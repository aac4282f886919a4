"""`hashistack upgrade`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.frame import framed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, UsageProblem
from hashistack.messages import upkeep

if TYPE_CHECKING:
    from hashistack.model import Stack
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
@click.option("--yes", is_flag=True, help="In AWS: do what Terraform plans without asking.")
def upgrade(
    session: Session,
    file: str | None,
    environment: str | None,
    output: str | None,
    dry_run: bool,
    yes: bool,
) -> Exit:
    """Bring the versions of Nomad and Consul that the descriptor names to every machine.

    Set `software: {nomad: …, consul: …}` first. Servers go one at a time, the leader last; then the other hosts, a
    quarter at a time. Instances move away from a host before it is touched. Stops at the first host that is not
    healthy afterwards; run again, it goes on from there. Back up before: `hashistack backup`.

    In AWS servers are not changed but replaced, one at a time, also for another machine image or instance type; a new
    one has its votes before the next old one goes. Auto Scaling then replaces the clients.
    """

    def check(stack: Stack) -> None:
        name, target = stack.environment.name, stack.environment.target
        if target == "local":
            raise UsageProblem(upkeep.nothing_but_machines("upgrade", name, target))
        if not dry_run:
            sites.check_agreement(session, stack, "upgrade", yes=yes)

    def work(view: EventView) -> Exit:
        asked = sites.Asked(file, environment, output)
        site = sites.rendered(session, asked, view, check, write=not dry_run).site
        if site.stack.environment.target == "aws":
            return _replace(session, site, view, dry_run=dry_run, yes=yes)
        return _upgrade(session, site, view, dry_run=dry_run)

    return framed(session, work, "upgrading")


command = upgrade


def _upgrade(session: Session, site: Site, view: EventView, *, dry_run: bool) -> Exit:
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


def _replace(session: Session, site: Site, view: EventView, *, dry_run: bool, yes: bool) -> Exit:
    """Replace servers in AWS."""
    from hashistack.targets import aws_upkeep
    from hashistack.views import upgrade as views

    if dry_run:
        plan = aws_upkeep.planned_upgrade(site)
        view.notices(plan.refusals)
        views.show_replacement(session.console, plan)
        return Exit.DONE
    approve = sites.agreement(session, site.stack, yes=yes)
    plan = aws_upkeep.upgrade(replace(site, approve=approve), view)
    if not plan.servers:
        views.show_replacement(session.console, plan)
    return Exit.DONE
