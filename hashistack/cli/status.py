"""`hashistack status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.model import Stack
    from hashistack.plan.status import Facts, Status


@make(example="hashistack status -e laptop", exits=(Exit.DESCRIPTOR, Exit.UNAVAILABLE))
@options.file
@options.required_environment
def status(session: Session, file: str | None, environment: str | None) -> Exit:
    """Show processes, versions, health and addresses.

    Of backing services that run in the cluster also their members, who leads, and whether all copies are there.

    Ends with 0 if all that should run is healthy and with 1 if something is not, so that scripts can wait for it.
    """
    from hashistack import pipeline, targets
    from hashistack.cli.source import chosen, source
    from hashistack.views import status as views

    descriptor = source(session.terminal, file)
    stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
    found = _status(targets.connect(stack, session.terminal.environ), stack)
    code = Exit.DONE if found.healthy else Exit.FAILED
    views.show(session.console, found, code)
    return code


command = status


def _status(cluster: Cluster, stack: Stack) -> Status:
    from datetime import UTC, datetime

    from hashistack.plan.status import AgentStatus, Facts
    from hashistack.plan.status import status as put_together

    ours = cluster.agents.ours()
    agents = tuple(
        AgentStatus(
            api.endpoint.product.lower(), api.endpoint.url, api.ready(), api.endpoint.product.lower() in ours
        )
        for api in (cluster.consul, cluster.nomad)
    )
    read = _facts(cluster, stack) if all(agent.answers for agent in agents) else Facts()
    return put_together(stack, read, agents, datetime.now(UTC))


def _facts(cluster: Cluster, stack: Stack) -> Facts:
    from dataclasses import replace

    from hashistack.backends.observe import facts
    from hashistack.backends.reports import Reports
    from hashistack.plan.stand_ins import stand_ins

    read = facts(cluster.nomad, cluster.consul, stack)
    running = [each for each in stand_ins(stack) if each.job in read.jobs]
    return replace(read, reports=Reports(cluster.nomad).of(running))
