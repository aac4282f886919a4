"""Read from a cluster what the planner has to know of stand-ins; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hashistack.backends.consul import Consul
from hashistack.backends.holders import Holders
from hashistack.backends.nomad import Nomad
from hashistack.backends.reports import Reports
from hashistack.backends.volumes import Volumes
from hashistack.credentials.service import EDITION, Issued, read
from hashistack.credentials.values import Identity
from hashistack.model import Stack
from hashistack.plan import names
from hashistack.plan.actual import Actual
from hashistack.plan.leftovers import abandoned
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.setup import DONE
from hashistack.plan.stand_ins import StandIn, is_set_up, stand_ins

Items = Mapping[str, Sensitive]


def with_stand_ins(actual: Actual, nomad: Nomad, consul: Consul, stack: Stack) -> Actual:
    """Return what is known of a cluster with all there is of the stack's stand-ins: machines, volumes, members.

    The volumes are all of them, also of stand-ins that the descriptor does not have any more.
    """
    found = stand_ins(stack)
    jobs = [each.job for each in found]
    if not jobs and not abandoned(stack, actual):
        return actual
    disks = Volumes(nomad.endpoint)
    variables = {path: _items(nomad, path) for job in jobs for path in names.data_variables(job)}
    certificates = {job: issued for job in jobs if (issued := _issued(job, variables))}
    operator = {job: variables[names.authority_variable(job)] for job in jobs}
    known = replace(
        actual,
        variables={**actual.variables, **{path: frozenset(items) for path, items in variables.items()}},
        nodes=disks.nodes(),
        volumes=disks.volumes(),
        certificates=certificates,
        setups={job: items[DONE].reveal() for job, items in operator.items() if DONE in items},
        places=Holders(consul.endpoint, nomad.endpoint).places(jobs),
        formed=frozenset(job for job in jobs if consul.has_key(names.formed_key(job))),
    )
    return replace(known, reports=_reports(nomad, [each for each in found if _changes(each, known)]))


def _changes(stand_in: StandIn, actual: Actual) -> bool:
    """Tell whether something that runs would change, so that its members are to say what they have."""
    candidate, state = actual.candidates.get(stand_in.job), actual.jobs.get(stand_in.job)
    if candidate is None or state is None or state.stopped:
        return False
    return candidate.changed or (stand_in.setup in actual.candidates and not is_set_up(stand_in, actual))


def _reports(nomad: Nomad, asked: Sequence[StandIn]) -> Mapping[str, Mapping[str, str]]:
    answers = Reports(nomad).of(asked)
    reports = {job: answer.report for job, answer in answers.items() if answer.report}
    return {job: {**report.facts, "version": report.version} for job, report in reports.items()}


def _items(nomad: Nomad, path: str) -> Items:
    variable = nomad.variable(path)
    return variable.items if variable else {}


def _issued(job: str, variables: Mapping[str, Items]) -> Issued | None:
    items = variables[names.node_variable(job)]
    found, edition = _identity(items), items.get(EDITION)
    told = variables[names.variable_of(job)].get("ca")
    authority = _identity(variables[names.authority_variable(job)])
    if found is None:
        return None
    trusted, times = told.reveal() if told else None, int(edition.reveal()) if edition else 0
    return read(found, authority, trusted, datetime.now(UTC), times)


def _identity(items: Items) -> Identity | None:
    if "certificate" not in items or "key" not in items:
        return None
    return Identity(items["certificate"].reveal(), items["key"])
