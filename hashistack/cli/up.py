"""`hashistack up`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.frame import framed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, UsageProblem
from hashistack.messages import cluster as messages

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.model import Stack
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
@click.option("--yes", is_flag=True, help="In AWS: do what Terraform plans without asking.")
def up(
    session: Session,
    file: str | None,
    environment: str | None,
    output: str | None,
    version: str | None,
    secrets_file: str | None,
    adopt: bool,
    dry_run: bool,
    yes: bool,
) -> Exit:
    """Bring an environment up, from nothing to an application that answers.

    Starts Nomad and Consul for a local target if none answer, makes the hosts of target onprem a secured cluster, lets
    Terraform make all that target aws needs (its plan is shown, and agreed to unless --yes is given), asks for missing
    secrets, runs the release step, submits the jobs in their order, follows each until it is healthy and
    prints the addresses. Run again, it changes only what is different, and goes on where it was interrupted.
    """
    choice = _Choice(version, secrets_file, adopt=adopt, dry_run=dry_run, yes=yes)
    return framed(session, lambda view: _up(session, view, sites.Asked(file, environment, output), choice))


command = up


@dataclass(frozen=True, slots=True)
class _Choice:
    """The options that decide what is to run, and how."""

    version: str | None
    secrets_file: str | None
    adopt: bool
    dry_run: bool
    yes: bool


def _up(session: Session, view: EventView, asked: sites.Asked, choice: _Choice) -> Exit:
    from hashistack import targets
    from hashistack.plan.files import job_files, version_to_run
    from hashistack.plan.planner import Wanted

    def check(stack: Stack) -> None:
        version_to_run(stack.image, choice.version)
        if not choice.dry_run:
            sites.check_agreement(session, stack, "up", yes=choice.yes)

    made = sites.rendered(session, asked, view, check, write=not choice.dry_run)
    stack = made.site.stack
    version = version_to_run(stack.image, choice.version)
    wanted = Wanted(stack, job_files(made.files, stack.environment.name), version, choice.adopt)
    given = _given(session, choice.secrets_file)
    if choice.dry_run:
        return _show(session, targets.connect(stack, session.terminal.environ, view.report), wanted, given)
    approve = sites.agreement(session, stack, yes=choice.yes)
    with targets.raised(replace(made.site, adopt=choice.adopt, approve=approve)) as cluster:
        _run(session, cluster, wanted, given, view)
    return Exit.DONE


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
    from hashistack.cli.job_plan import executor, observed, pretended
    from hashistack.plan.members import lost_for_good
    from hashistack.plan.planner import absent_secrets, plan_up
    from hashistack.plan.progress import Ready

    actual = observed(cluster, wanted)
    if lost := lost_for_good(wanted.stack, actual):
        _begin_anew(session, cluster, wanted.stack, view, lost)
        actual = observed(cluster, wanted)
    plan_up(
        wanted, actual, pretended(absent_secrets(wanted.stack, actual))
    )  # asks for nothing if it cannot work anyway
    given = {
        **_asked(session, [name for name in absent_secrets(wanted.stack, actual) if name not in given]),
        **given,
    }
    plan = plan_up(wanted, actual, given)
    view.notices(plan.warnings)
    executor(cluster, wanted.stack.app, wanted.stack.environment.name, view).carry_out(plan)
    view.report(Ready(wanted.stack.app, wanted.version, plan.addresses))


def _begin_anew(
    session: Session, cluster: Cluster, stack: Stack, view: EventView, lost: Sequence[str]
) -> None:
    """Begin the services empty whose only member was on one of these machines, which Nomad has forgotten."""
    from hashistack.cli.replace_node import Choice
    from hashistack.cli.replace_node import replace as replace_node

    for address in lost:
        replace_node(session, cluster, stack, view, Choice(address, lost=True, yes=True))


def _asked(session: Session, names: list[str]) -> dict[str, Sensitive]:
    """Ask for values on the terminal, without showing what is typed; without one nothing is asked."""
    from hashistack.plan.sensitive import Sensitive

    if not session.terminal.asks:
        return {}
    return {name: Sensitive(click.prompt(name, hide_input=True, err=True)) for name in names}


def _show(session: Session, cluster: Cluster, wanted: Wanted, given: Mapping[str, Sensitive]) -> Exit:
    from hashistack.cli.job_plan import job_plan
    from hashistack.views.up import show_plan

    show_plan(session.console, job_plan(cluster, wanted, given))
    return Exit.DONE
