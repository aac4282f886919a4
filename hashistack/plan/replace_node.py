"""Give up the members of a machine that is gone: which they are, and whether that may be done. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hashistack.diagnostics import HashistackError, UsageProblem
from hashistack.messages import stand_in_upkeep as messages
from hashistack.model import Stack
from hashistack.plan.actual import Actual
from hashistack.plan.members import AWAY, Place
from hashistack.plan.report import Answer, misgivings
from hashistack.plan.stand_ins import StandIn, preparations, stand_ins
from hashistack.plan.steps import Plan
from hashistack.plan.volumes import Volume

_LEAST_OF_AN_ID = 8  # characters that Nomad itself shows of one


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as Nomad lists it; `idle`: it was drained to the end, and nothing of the stand-ins runs on it."""

    id: str
    name: str
    status: str
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What binds a job to a volume; `volume` is the id of it."""

    id: str
    job: str
    volume: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """All that machines hold of stand-ins; `remembered` are the jobs of those whose authority is in the cluster."""

    machines: tuple[Machine, ...]
    volumes: tuple[Volume, ...]
    claims: tuple[Claim, ...]
    places: tuple[Place, ...]
    remembered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Release:
    """What is given up of one stand-in; `last`: no other machine has a member, so that what it has is lost."""

    stand_in: StandIn
    claims: tuple[Claim, ...]
    places: tuple[Place, ...]
    last: bool = False


@dataclass(frozen=True, slots=True)
class Farewell:
    """What is given up when a machine is.

    `nodes` are the ids under which Nomad knows or knew it, `forgotten` those that it has to forget, `volumes` what is
    removed.
    """

    name: str
    releases: tuple[Release, ...]
    forgotten: tuple[str, ...]
    nodes: frozenset[str] = frozenset()
    volumes: tuple[Volume, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the machine is left."""
        return not self.releases and not self.forgotten

    @property
    def survivors(self) -> tuple[Release, ...]:
        """The stand-ins that have members on other machines."""
        return tuple(each for each in self.releases if not each.last)


def farewell(name: str, stack: Stack, holdings: Holdings) -> Farewell:
    """Return what the machine holds that `name`, an id or an address names; raise where it is alive or unknown."""
    called = {name, *(host.name for host in stack.environment.hosts if host.address == name)}
    mine = [each for each in holdings.machines if any(_is_called(each, one) for one in called)]
    away = {each.id for each in mine if each.status in AWAY}
    idle = {each.id for each in mine if each.idle} - away
    gone = away | idle | _strangers(name, stack, holdings)
    alive = [each for each in mine if each.id not in gone]
    if alive and not gone:
        raise HashistackError(messages.still_alive(alive[0].name, alive[0].status))
    known = sorted({each.name for each in holdings.machines} | {h.name for h in stack.environment.hosts})
    if not gone and not called.intersection(known):
        raise UsageProblem(messages.unknown_machine(name, known))
    releases = tuple(
        release for each in stand_ins(stack) if (release := _release(each, gone, holdings)) is not None
    )
    volumes = tuple(volume for release in releases for volume in _volumes(release, gone, holdings))
    return Farewell(name, releases, tuple(sorted(away)), frozenset(gone), volumes)


def check_safety(parting: Farewell, answers: Mapping[str, Answer]) -> None:
    """Raise, for all stand-ins together, where the members that are left are not enough; `answers` is by job."""
    problems = [
        messages.not_safe(release.stand_in.job, parting.name, reasons)
        for release in parting.survivors
        if (reasons := misgivings(answers[release.stand_in.job]))
    ]
    if problems:
        raise HashistackError(*problems)


def check_loss(parting: Farewell) -> None:
    """Raise, for all stand-ins together, where nobody else has what the machine has."""
    problems = [
        messages.all_lost(release.stand_in.job, parting.name) for release in parting.releases if release.last
    ]
    if problems:
        raise HashistackError(*problems)


def check_leaving(names: Collection[str], stack: Stack, holdings: Holdings) -> None:
    """Raise, for all stand-ins together, where machines that are to be cleared are members.

    Also of those that are not in the descriptor, or not any more: their data stays until somebody deletes it.
    """
    leaving = {each.id: each.name for each in holdings.machines if each.name in names}
    problems = []
    for each in stand_ins(stack):
        members = [place for place in holdings.places if place.job == each.job]
        mine = sorted({leaving[place.node] for place in members if place.node in leaving})
        last = all(place.node in leaving for place in members)
        problems += [messages.leaves_with_member(name, each.job, last=last) for name in mine]
    others = holdings.remembered - {each.job for each in stand_ins(stack)}
    found = {(leaving[each.node], each.name) for each in holdings.volumes if each.node in leaving}
    problems += [messages.leaves_with_data(name, job) for name, job in sorted(found) if job in others]
    if problems:
        raise HashistackError(*problems)


def substitutes(parting: Farewell, stack: Stack, actual: Actual) -> Plan:
    """Return the steps that make room for new members elsewhere; raise where no machine can take one."""
    volumes = tuple(each for each in actual.volumes if each.node not in parting.nodes)
    nodes = tuple(each for each in actual.nodes if each.id not in parting.nodes)
    return Plan(tuple(preparations(stack, replace(actual, nodes=nodes, volumes=volumes))))


def _is_called(machine: Machine, name: str) -> bool:
    return machine.name == name or (len(name) >= _LEAST_OF_AN_ID and machine.id.startswith(name))


def _strangers(name: str, stack: Stack, holdings: Holdings) -> set[str]:
    """Return the ids of machines that Nomad has forgotten, and that are still members."""
    known = {each.id for each in holdings.machines}
    addresses = {name, *(host.address for host in stack.environment.hosts if host.name == name)}
    return {
        place.node
        for place in holdings.places
        if place.node not in known
        and (place.address in addresses or (len(name) >= _LEAST_OF_AN_ID and place.node.startswith(name)))
    }


def _release(stand_in: StandIn, gone: set[str], holdings: Holdings) -> Release | None:
    """Return what is given up with these machines: all that is left, where nobody else is a member.

    A machine that Nomad has forgotten is no member that may come back; one that is down is.
    """
    members = tuple(each for each in holdings.places if each.job == stand_in.job)
    places = tuple(each for each in members if each.node in gone)
    claims = _claims(stand_in.job, gone, holdings) if gone else ()
    if not places and not claims:
        return None
    lost = gone | _forgotten(holdings)
    if any(each.node not in lost for each in members):
        return Release(stand_in, claims, places)
    everything = _claims(stand_in.job, lost, holdings)
    return Release(
        stand_in, everything, members, last=bool(members) or _has_all(stand_in, everything, holdings)
    )


def _volumes(release: Release, gone: set[str], holdings: Holdings) -> Iterator[Volume]:
    """Yield the volumes of a stand-in on these machines, and where it is lost, on those that Nomad has forgotten."""
    known = {each.id for each in holdings.machines}
    for each in holdings.volumes:
        forgotten = release.last and each.node not in known
        if each.name == release.stand_in.job and (each.node in gone or forgotten):
            yield each


def _forgotten(holdings: Holdings) -> set[str]:
    known = {each.id for each in holdings.machines}
    return {place.node for place in holdings.places if place.node not in known}


def _has_all(stand_in: StandIn, claims: Sequence[Claim], holdings: Holdings) -> bool:
    return len(claims) == sum(each.job == stand_in.job for each in holdings.claims)


def _claims(job: str, gone: set[str], holdings: Holdings) -> tuple[Claim, ...]:
    """Return the claims on volumes of these machines, and on volumes that went with a machine Nomad has forgotten."""
    node_of = {volume.id: volume.node for volume in holdings.volumes}
    mine: Sequence[Claim] = [each for each in holdings.claims if each.job == job]
    return tuple(each for each in mine if node_of.get(each.volume) in {*gone, None})
