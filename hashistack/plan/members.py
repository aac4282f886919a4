"""Who is a member of a stand-in, and what becomes of the stand-in while machines of its members are away. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashistack.diagnostics import ConflictError, Diagnostic
from hashistack.messages import stand_in_members as messages
from hashistack.model import Stack
from hashistack.plan.stand_ins import StandIn, stand_ins

if TYPE_CHECKING:
    from hashistack.plan.actual import Actual

AWAY = ("down", "disconnected")
"""What Nomad calls a machine that may come back; "disconnected": it still waits for it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who is a member of a stand-in: `key` and `index` are Consul's, `node` is the machine's id in Nomad."""

    key: str
    job: str
    member: str
    node: str
    address: str
    index: int


@dataclass(frozen=True, slots=True)
class Lacking:
    """A stand-in, its places whose machines are away, and how many of its members are left.

    `lasting`: Nomad knows none of these machines any more.
    """

    stand_in: StandIn
    places: tuple[Place, ...]
    left: int
    lasting: bool

    @property
    def serves(self) -> bool:
        """Whether those that are left are a majority of those that there were."""
        return self.left > len(self.places)

    @property
    def members(self) -> int:
        """How many there were."""
        return self.left + len(self.places)


def lacking(stack: Stack, actual: Actual) -> tuple[Lacking, ...]:
    """Return the stand-ins that have a member whose machine is away, or forgotten."""
    alive = {node.id for node in actual.nodes if not node.away}
    known = {node.id for node in actual.nodes}
    found = []
    for each in stand_ins(stack):
        places = [place for place in actual.places if place.job == each.job]
        away = tuple(place for place in places if place.node not in alive)
        if away:
            lasting = not any(place.node in known for place in away)
            found.append(Lacking(each, away, len(places) - len(away), lasting))
    return tuple(found)


def check_members(stack: Stack, actual: Actual) -> None:
    """Raise ConflictError, for all stand-ins together, where too few members are left to serve.

    Not for what is `lost_for_good`: `up` begins that empty before anything else.
    """
    environment = stack.environment.name
    problems = [
        _problem(each, machines(each.places, stack, actual), environment)
        for each in lacking(stack, actual)
        if not each.serves
    ]
    if problems and not lost_for_good(stack, actual):
        raise ConflictError(*problems)


def lost_for_good(stack: Stack, actual: Actual) -> tuple[str, ...]:
    """Return the addresses of machines, unknown by now, that had the only member of a service of one node.

    Only on AWS, where a machine that has left is not expected back (HS607). None where anything else is lacking that
    `check_members` refuses: giving up a machine takes along every cluster of which nobody is left, and that is for a
    person to say.
    """
    found = [each for each in lacking(stack, actual) if not each.serves]
    if stack.environment.target != "aws" or not all(each.members == 1 and each.lasting for each in found):
        return ()
    return tuple(sorted({each.places[0].address for each in found}))


def warnings(stack: Stack, actual: Actual) -> Iterator[Diagnostic]:
    """Yield what to know of stand-ins that go on without a member, or begin empty."""
    for each in lacking(stack, actual):
        names = machines(each.places, stack, actual)
        if each.serves:
            yield messages.member_missing(each.stand_in.job, names, each.members, stack.environment.name)
        else:
            yield messages.begins_empty(each.stand_in.job, names)


def machines(places: Sequence[Place], stack: Stack, actual: Actual) -> tuple[str, ...]:
    """Return the names of the machines of these places; an address where nobody knows a name."""
    names: Mapping[str, str] = {host.address: host.name for host in stack.environment.hosts}
    known = {node.id: node.name for node in actual.nodes}
    found = {known.get(each.node) or names.get(each.address) or each.address for each in places}
    return tuple(sorted(found))


def _problem(each: Lacking, names: Sequence[str], environment: str) -> Diagnostic:
    if each.left:
        return messages.no_majority(each.stand_in.job, names, each.left, each.members)
    if each.lasting:
        return messages.machine_gone(each.stand_in.job, names, environment)
    return messages.machine_away(each.stand_in.job, names, environment)
