"""What a stand-in says of itself: the lines KEY=VALUE of the `report.sh` of its engine. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hashistack.plan.actual import Json

_LINE = re.compile(r"([A-Za-z0-9_.-]+)=(.*)")
_MEMBER = "member."
_WORDS = 2  # an address, a role, and all the rest is the state
_NONE = re.compile(r"0+(\.0*)?\b")


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the others see it; role and state are the engine's own words."""

    id: str
    address: str
    role: str
    state: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a cluster says of itself; what its engine does not tell is None or "".

    `leader` is an id or an address. `full`: every copy is there. `safe`: nothing that was acknowledged would be lost
    if all members that do not answer now never came back, and `unsafe` says why not. `lag` and `under_replicated` are
    a number and its unit.
    """

    leader: str = ""
    quorum: bool | None = None
    full: bool | None = None
    safe: bool | None = None
    unsafe: str = ""
    lag: str = ""
    under_replicated: str = ""
    version: str = ""
    members: tuple[Member, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The report of a service, or why there is none."""

    report: Report | None
    problem: str = ""


def read(text: str) -> Report:
    """Read a report; lines of another form are left out."""
    matches = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    facts = {match[1]: match[2].strip() for match in matches if match}
    lacking = facts.pop("under_replicated", "")
    return Report(
        leader=facts.pop("leader", ""),
        quorum=_yes(facts.pop("quorum", "")),
        full=_yes(facts.pop("full", "")),
        safe=_yes(facts.pop("safe", "")),
        unsafe=facts.pop("unsafe", ""),
        lag=facts.pop("lag", ""),
        under_replicated="" if _NONE.match(lacking) else lacking,
        version=facts.pop("version", ""),
        members=_members(facts),
        facts={name: value for name, value in facts.items() if not name.startswith(_MEMBER)},
    )


def misgivings(answer: Answer) -> tuple[str, ...]:
    """Say what would be lost, or may be, if the members that do not answer were given up; nothing if all is safe."""
    report = answer.report
    if report is None:
        return (f"it cannot be asked: {answer.problem}",)
    if report.quorum is not True:
        return ("it has no quorum",)
    if report.safe is None and report.full is not True:
        return ("not every copy is there, and it does not tell whether those that are left are enough",)
    if report.safe is False:
        return (report.unsafe or "it says that the members that are left do not have everything",)
    return ()


def askable(allocations: Sequence[Json], silent: frozenset[str] = frozenset()) -> list[Json]:
    """Return the allocations that can be asked, healthy ones first; `silent` are ids of machines that are away."""
    running = [
        each
        for each in allocations
        if each["ClientStatus"] == "running"
        and each["DesiredStatus"] == "run"
        and each.get("NodeID") not in silent
    ]
    return sorted(running, key=lambda each: (not _healthy(each), each["ID"]))


def leader_first(report: Report | None, allocations: Sequence[tuple[str, Json]]) -> list[Json]:
    """Return allocations, given with their machines' addresses, with that of the leader before the others."""
    leader = report.leader if report else ""
    addresses = (
        {leader, *(each.address for each in report.members if leader in (each.id, each.address))}
        if report
        else set()
    )
    return [each for _, each in sorted(allocations, key=lambda pair: pair[0] not in addresses)]


def _healthy(allocation: Json) -> bool:
    return bool((allocation.get("DeploymentStatus") or {}).get("Healthy"))


def _yes(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)


def _members(facts: Mapping[str, str]) -> tuple[Member, ...]:
    found = [
        Member(name.removeprefix(_MEMBER), *_three(value))
        for name, value in facts.items()
        if name.startswith(_MEMBER)
    ]
    return tuple(sorted(found, key=lambda each: (len(each.id), each.id)))


def _three(text: str) -> tuple[str, str, str]:
    words = text.split(maxsplit=_WORDS)
    address, role, state = [*words, *[""] * (_WORDS + 1 - len(words))]
    return address, role, state
