"""What a service leaves behind that the descriptor does not have any more: its job goes, its data stays. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.diagnostics import Diagnostic
from hashistack.messages import stand_in_upkeep as messages
from hashistack.model import Stack
from hashistack.plan import names
from hashistack.plan.actual import Actual
from hashistack.plan.stand_ins import stand_ins


def abandoned(stack: Stack, actual: Actual) -> tuple[str, ...]:
    """Return the jobs of stand-ins that are there and not in the descriptor, by the meta that they have."""
    wanted = {each.job for each in stand_ins(stack)}
    ours = (state for state in actual.jobs.values() if state.owner == stack.app and names.NODES in state.meta)
    return tuple(sorted(state.id for state in ours if state.id not in wanted))


def kept_data(stack: Stack, actual: Actual) -> Iterator[Diagnostic]:
    """Yield where the data of each stays."""
    known = {node.id: node.name for node in actual.nodes}
    for job in abandoned(stack, actual):
        machines = sorted(known.get(each.node, each.node) for each in actual.volumes if each.name == job)
        if machines:
            yield messages.data_stays(job, job.removeprefix(f"{stack.app}-"), machines)
