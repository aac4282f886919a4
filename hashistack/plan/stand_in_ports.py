"""Where a stand-in could not have its ports, or not those that its members know each other by. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hashistack.compile.stand_ins import engine_of
from hashistack.compile.stand_ins.ports import base
from hashistack.diagnostics import Diagnostic
from hashistack.messages import stand_ins as messages
from hashistack.model import Stack
from hashistack.plan import names
from hashistack.plan.actual import Actual


def port_refusals(stack: Stack, actual: Actual) -> Iterator[Diagnostic]:
    """Yield the services whose ports would become others, and those whose ports a job beside them has."""
    wanted = {each.name: base(stack, each) for each in stack.backing_services if engine_of(each)}
    jobs = {names.consul_service(stack.app, name): name for name in wanted}
    found = {
        job: int(state.meta[names.PORT]) for job, state in actual.jobs.items() if names.PORT in state.meta
    }
    others = {port: job for job, port in found.items() if job not in jobs}
    for job, name in jobs.items():
        port = wanted[name]
        if found.get(job, port) != port:
            yield messages.other_ports(name, found[job], port, _owner(wanted, found[job]))
        if port in others:
            yield messages.ports_taken(name, port, others[port])


def _owner(wanted: Mapping[str, int], port: int) -> str:
    """Return the service that is to have a port, "" where none is."""
    return next((name for name, first in wanted.items() if first == port), "")
