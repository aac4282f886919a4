"""`hashistack replace-node`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.frame import framed
from hashistack.cli.question import agreed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import BackendError, Exit
from hashistack.messages import cluster as messages
from hashistack.messages import stand_in_upkeep as say

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.model import Stack
    from hashistack.plan.replace_node import Farewell
    from hashistack.plan.steps import Plan
    from hashistack.views.cluster_events import EventView


@make(
    example="hashistack replace-node n2 -e factory",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.output
@options.yes
@click.option(
    "--lost",
    is_flag=True,
    help="Accept that what only NODE had is lost: services without another member begin empty.",
)
@click.argument("node", metavar="NODE")
def replace_node(
    session: Session,
    file: str | None,
    environment: str | None,
    output: str | None,
    yes: bool,
    lost: bool,
    node: str,
) -> Exit:
    """Give up a machine that is gone for good, and have its members of stand-ins elsewhere.

    NODE is a machine that Nomad calls down or disconnected, or one that was drained: its name, its address in the
    descriptor, or its id in Nomad; one that Nomad has forgotten is also known by the address that it had. What a member
    of a backing service has on its disk binds it to its machine, so that nobody takes its place while the machine may
    come back. This releases it, once the other members have said that they have a majority and that nothing is lost
    without it. New members start on machines that have none yet and copy the data; have such a machine first, with
    `hashistack up`. Switch the old one off for good before: it must not come back with what it had.

    A service of which no other member is left, because it has one node or because all its machines are gone, is given
    up only with --lost. It begins empty then, and `hashistack restore NAME FILE` puts a backup into it.
    """

    def work(view: EventView) -> Exit:
        site = sites.existing(session, sites.Asked(file, environment, output), view.report)
        from hashistack import targets

        with targets.held(site) as cluster:
            return replace(session, cluster, site.stack, view, Choice(node, lost=lost, yes=yes))

    return framed(session, work, f"replacing {node}")


command = replace_node


@dataclass(frozen=True, slots=True)
class Choice:
    """Which machine is given up, whether what only it had may be lost, and whether that needs no question."""

    node: str
    lost: bool
    yes: bool


def replace(session: Session, cluster: Cluster, stack: Stack, view: EventView, choice: Choice) -> Exit:
    """Give a machine up, and have its members elsewhere."""
    from hashistack.backends.cluster import SystemClock
    from hashistack.backends.holders import Holders
    from hashistack.backends.reports import PATIENT, Reports
    from hashistack.cli.job_plan import executor
    from hashistack.plan.node_replacer import NodeReplacer
    from hashistack.plan.replace_node import check_loss, check_safety, farewell
    from hashistack.plan.stand_ins import stand_ins
    from hashistack.views import replace_node as views

    holders = Holders(cluster.consul.endpoint, cluster.nomad.endpoint)
    reports = Reports(cluster.nomad, PATIENT)
    carry_out = executor(cluster, stack.app, stack.environment.name, view).carry_out
    replacer = NodeReplacer(holders, reports, carry_out, view, SystemClock())
    found = stand_ins(stack)

    def look() -> Farewell:
        """Return what is given up, which the others have said they can do without."""
        parting = farewell(choice.node, stack, holders.read([each.job for each in found]))
        if not choice.lost:
            check_loss(parting)
        check_safety(parting, reports.of([each.stand_in for each in parting.survivors]))
        return parting

    parting = look()
    if parting.is_empty:
        views.nothing_left(session.console, choice.node)
        # A first run may have ended before the new members had every copy.
        replacer.begin([each for each in found if each.engine.stateful])
        return Exit.DONE
    room = _room(cluster, stack, parting)
    views.about_to(session.console, parting, room)
    question = f"Give {choice.node} up for good?"
    if not agreed(session, question, say.replacing_needs_yes(choice.node), yes=choice.yes):
        return Exit.FAILED
    # Minutes may have passed; a machine that is back by now is refused by `farewell` itself.
    if look() != parting:
        raise BackendError(messages.changed_meanwhile(f"what {choice.node} has"))
    replacer.replace(parting, room)
    return Exit.DONE


def _room(cluster: Cluster, stack: Stack, parting: Farewell) -> Plan:
    from hashistack.backends.observe import running
    from hashistack.backends.observe_stand_ins import with_stand_ins
    from hashistack.plan.replace_node import substitutes

    return substitutes(
        parting, stack, with_stand_ins(running(cluster.nomad), cluster.nomad, cluster.consul, stack)
    )
