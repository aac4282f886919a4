"""What stand-ins need before and after their jobs: volumes, certificates, logins, what is done once. Pure."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from hashistack.compile.stand_ins import engine_of
from hashistack.compile.stand_ins.engine import Engine
from hashistack.credentials import service as certificates
from hashistack.diagnostics import BackendError, ConflictError
from hashistack.messages import stand_in_members as members
from hashistack.messages import stand_in_steps as messages
from hashistack.model import Environment, Stack
from hashistack.plan import names
from hashistack.plan.actual import Actual, Candidate
from hashistack.plan.carry import certificate_of
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import (
    CreateVolumes,
    GenerateCredentials,
    IssueCertificate,
    Spot,
    Step,
    StoreSecrets,
)
from hashistack.plan.volumes import Need, Node, fitting, missing


@dataclass(frozen=True, slots=True)
class StandIn:
    """A backing service that runs in the cluster; `storage` in MiB per node.

    `outside` is by what clients from outside reach it: the name of the environment, the address that moves between the
    ingress nodes.
    """

    name: str
    job: str
    nodes: int
    storage: int
    engine: Engine
    database: str | None
    outside: tuple[str, ...] = ()

    @property
    def setup(self) -> str:
        """The id of the job that is run once after it."""
        return names.setup_job(self.job)


def stand_ins(stack: Stack) -> tuple[StandIn, ...]:
    """Return the services that run in the cluster; those that keep something in a database come after all others."""
    found = [
        StandIn(
            service.name,
            names.consul_service(stack.app, service.name),
            service.nodes,
            service.storage,
            engine,
            service.database,
            _outside(stack.environment) if service.public else (),
        )
        for service in stack.backing_services
        if (engine := engine_of(service))
    ]
    return tuple(sorted(found, key=lambda each: each.database is not None))


def _outside(environment: Environment) -> tuple[str, ...]:
    return tuple(place for place in (environment.domain, environment.ingress.vip) if place)


def waves(stack: Stack) -> tuple[tuple[StandIn, ...], ...]:
    """Return the services that can start at the same time, a group after the other."""
    found = stand_ins(stack)
    first = tuple(each for each in found if each.database is None)
    second = tuple(each for each in found if each.database is not None)
    return tuple(wave for wave in (first, second) if wave)


def companions(stack: Stack, jobs: Sequence[str]) -> tuple[str, ...]:
    """Return those of the rendered jobs that stand beside a service: what archives its topics, what saves it."""
    owned = {f"{each.job}-{what}" for each in stand_ins(stack) for what in names.COMPANIONS}
    return tuple(sorted(owned & set(jobs)))


def preparations(stack: Stack, actual: Actual, waiting: Container[str] = ()) -> Iterator[Step]:
    """Yield what has to be there before the jobs; raise before any of it where machines or their disks are too few.

    Nothing for the jobs that are `waiting` for a machine to come back.
    """
    found = [each for each in stand_ins(stack) if each.job not in waiting]
    _check_strays(found, actual)
    places = missing(_needs(found), actual.nodes, actual.volumes)
    _check_stateless(found, actual)
    for each in found:
        yield from _logins(each, actual)
        if each.engine.stateful and places[each.job]:
            spots = tuple(Spot(node.id, node.name) for node in places[each.job])
            yield CreateVolumes(each.job, spots, each.storage)
        yield from _certificate(each, places.get(each.job, ()), actual)


def fingerprint(candidate: Candidate) -> str:
    """Return what tells one content of a job from another."""
    told = json.dumps([candidate.source, dict(candidate.variables)], sort_keys=True)
    return sha256(told.encode()).hexdigest()


def is_set_up(stand_in: StandIn, actual: Actual) -> bool:
    """Tell whether what is done once has been done with this very content, to the cluster that is there now."""
    if not any(volume.name == stand_in.job for volume in actual.volumes) and stand_in.engine.stateful:
        return False
    return actual.setups.get(stand_in.job) == fingerprint(actual.candidates[stand_in.setup])


def _needs(found: Sequence[StandIn]) -> list[Need]:
    return [Need(each.job, each.nodes, each.storage) for each in found if each.engine.stateful]


def _check_strays(found: Sequence[StandIn], actual: Actual) -> None:
    """Raise where machines still have the data of a service of which the cluster has lost its memory.

    Its passwords and its members' places were in that memory too: beside new ones the data is of no use.
    """
    known = {(volume.name, volume.node) for volume in actual.volumes}
    lost = []
    for each in found:
        machines = [node for node in actual.nodes if each.job in node.holds]
        if machines and not any((each.job, node.id) in known for node in actual.nodes):
            lost.append(members.unknown_volumes(each.job, [node.name for node in machines]))
    if lost:
        raise ConflictError(*lost)


def _check_stateless(found: Sequence[StandIn], actual: Actual) -> None:
    """Raise where a service that is not there yet has more nodes than machines that would take one."""
    there = len(fitting(actual.nodes))
    away = [node.name for node in actual.nodes if not node.takes]
    short = [
        messages.too_few_nodes(each.job, each.nodes, there, away)
        for each in found
        if not each.engine.stateful and each.job not in actual.jobs and each.nodes > there
    ]
    if short:
        raise BackendError(*short)


def _logins(stand_in: StandIn, actual: Actual) -> Iterator[Step]:
    """Yield what is missing of the logins; what is there is never made anew: others know it."""
    engine, path = stand_in.engine, names.variable_of(stand_in.job)
    present = actual.variables.get(path, frozenset())
    if engine.user and "user" not in present:
        yield StoreSecrets(path, {"user": Sensitive(engine.user.format(job=stand_in.job))})
    for variable, items in ((path, engine.public), (names.node_variable(stand_in.job), engine.private)):
        absent = tuple(item for item in items if item not in actual.variables.get(variable, frozenset()))
        if absent:
            yield GenerateCredentials(variable, absent)


def _certificate(stand_in: StandIn, places: Sequence[Node], actual: Actual) -> Iterator[Step]:
    """Yield the step that makes a certificate, for all clients; needed are the addresses of its own machines."""
    held = {volume.node for volume in actual.volumes if volume.name == stand_in.job}
    mine = [
        node for node in actual.nodes if node.id in held or node in places or not stand_in.engine.stateful
    ]
    addresses = [node.address for node in mine if node.address]
    needed = certificates.leaf(stand_in.job, [*addresses, *stand_in.outside])
    if certificates.due(actual.certificates.get(stand_in.job), needed):
        everywhere = tuple(sorted({node.address for node in actual.nodes if node.address}))
        yield IssueCertificate(stand_in.job, (*everywhere, *stand_in.outside), _edition(stand_in.job, actual))


def _edition(job: str, actual: Actual) -> int:
    """Return the number of a new certificate: 0 for the first, so that the job is as it was rendered."""
    issued, candidate = actual.certificates.get(job), actual.candidates.get(job)
    if issued is None and job not in actual.jobs:
        return 0
    return max(issued.edition if issued else 0, certificate_of(candidate) if candidate else 0) + 1
