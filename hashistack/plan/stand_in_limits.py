"""What cannot become of a stand-in that has data: told from the meta of its job and from its nodes' report. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hashistack.compile.stand_ins import engine_of
from hashistack.descriptor.stand_in_needs import numbers
from hashistack.diagnostics import ConflictError, Diagnostic
from hashistack.messages import stand_ins as messages
from hashistack.model import BackingService, Stack
from hashistack.plan import names
from hashistack.plan.actual import Actual
from hashistack.plan.stand_in_ports import port_refusals

# One node's data has a form of its own there, which a cluster cannot take over.
_ALONE_STAYS_ALONE = frozenset({"seaweedfs", "nats"})
# Whose format of files is another with each major version: a new one needs a dump of the old. Others read the files of
# the major version before theirs.
_KEEPS_MAJOR = frozenset({"postgres", "ferretdb"})

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Change:
    """A service as it is wanted, the meta of its job as it runs and as it would, and what its nodes say.

    `used` tells whether its volumes can have data.
    """

    service: BackingService
    stateful: bool
    used: bool
    found: Facts
    wanted: Facts
    facts: Facts


def check_limits(stack: Stack, actual: Actual) -> None:
    """Raise ConflictError with everything that the data of the stack's stand-ins would not survive."""
    if found := tuple(refusals(stack, actual)):
        raise ConflictError(*found)


def refusals(stack: Stack, actual: Actual) -> Iterator[Diagnostic]:
    """Yield what the data of the stack's stand-ins would not survive; nothing of those that are new."""
    yield from port_refusals(stack, actual)
    for change in _changes(stack, actual):
        service = change.service
        engine = change.found.get(names.ENGINE, service.engine)
        if change.stateful and engine != service.engine:
            yield messages.other_engine(service.name, engine, service.engine)
            continue
        if change.stateful:
            yield from _nodes(change)
        yield from _database(change)
        yield from _version(change)
        yield from _partitions(service, change.facts)
        yield from _buckets(service, change.facts)


def _changes(stack: Stack, actual: Actual) -> Iterator[_Change]:
    for service in stack.backing_services:
        job, engine = names.consul_service(stack.app, service.name), engine_of(service)
        state, candidate = actual.jobs.get(job), actual.candidates.get(job)
        found = state.meta if state and names.ENGINE in state.meta else _left(job, actual)
        if engine is None or not found:
            continue
        wanted = (candidate.job.get("Meta") or {}) if candidate else {}
        used = names.ENGINE in found or job in actual.formed
        yield _Change(service, engine.stateful, used, found, wanted, actual.reports.get(job, {}))


def _left(job: str, actual: Actual) -> Facts:
    """Return what is known of a job that was removed while its volumes stayed: how many nodes it had."""
    machines = {node.id for node in actual.nodes}
    left = sum(volume.name == job and volume.node in machines for volume in actual.volumes)
    return {names.NODES: str(left)} if left else {}


def _nodes(change: _Change) -> Iterator[Diagnostic]:
    there, wanted = int(change.found.get(names.NODES, 0)), change.service.nodes
    if wanted < there:
        topics = [name for name, (_, replicas) in _topics(change.facts).items() if replicas > wanted]
        yield messages.fewer_nodes(change.service.name, change.service.engine, there, wanted, sorted(topics))
    if there == 1 < wanted and change.used and change.service.engine in _ALONE_STAYS_ALONE:
        yield messages.stays_alone(change.service.name, change.service.engine, wanted)


def _database(change: _Change) -> Iterator[Diagnostic]:
    wanted = change.service.database or ""
    there = change.found.get(names.DATABASE, wanted)
    if there != wanted:
        yield messages.other_database(change.service.name, there, wanted)


def _version(change: _Change) -> Iterator[Diagnostic]:
    there = numbers(change.facts.get("version", "")) or numbers(change.found.get(names.ENGINE_VERSION, ""))
    wanted = numbers(change.wanted.get(names.ENGINE_VERSION, ""))
    if not there or not wanted:
        return
    name, engine = change.service.name, change.service.engine
    told = ".".join(map(str, there)), ".".join(map(str, wanted))
    # A tag such as 17 is any 17.x, and a fix of another day writes no other files.
    places = min(2, len(there), len(wanted))
    if wanted[:places] < there[:places]:
        yield messages.older_version(name, engine, *told)
    elif engine in _KEEPS_MAJOR and wanted[0] > there[0]:
        yield messages.distant_version(name, engine, *told, "")
    elif wanted[0] > there[0] + 1:
        yield messages.distant_version(name, engine, *told, f"{there[0] + 1}")


def _partitions(service: BackingService, facts: Facts) -> Iterator[Diagnostic]:
    there = _topics(facts)
    for topic in service.topics:
        partitions, _ = there.get(topic.name, (0, 0))
        if topic.partitions < partitions:
            yield messages.fewer_partitions(service.name, topic.name, partitions, topic.partitions)


def _buckets(service: BackingService, facts: Facts) -> Iterator[Diagnostic]:
    for bucket, objects in sorted(_facts(facts, "bucket.").items()):
        if bucket not in service.buckets and objects != "0":
            yield messages.bucket_not_empty(service.name, bucket)


def _topics(facts: Facts) -> dict[str, tuple[int, int]]:
    """Return the partitions and replicas of each topic."""
    told = {name: value.split() for name, value in _facts(facts, "topic.").items()}
    return {
        name: (int(words[0]), int(words[1]))
        for name, words in told.items()
        if [word.isdecimal() for word in words[:2]] == [True, True]
    }


def _facts(facts: Facts, prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in facts.items() if key.startswith(prefix)}
