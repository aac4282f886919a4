"""Print what giving a machine up means."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.plan.replace_node import Farewell
from hashistack.plan.steps import CreateVolumes, Plan
from hashistack.views import human
from hashistack.views.console import Console


def about_to(console: Console, parting: Farewell, room: Plan) -> None:
    """Print which members are given up, and where the new ones start."""
    if console.json:
        return
    for line in (*_given_up(parting), *_new(room)):
        console.note(human.printable(line))


def nothing_left(console: Console, machine: str) -> None:
    """Say that nothing of the machine is left."""
    if not console.json:
        console.note(human.printable(f"no stand-in has anything on {machine}"))


def _given_up(parting: Farewell) -> Iterator[str]:
    for release in parting.releases:
        members = ", ".join(place.member for place in release.places)
        title = f"member {members}" if members else "its volume"
        rest = "what it has is lost, and it begins empty" if release.last else "the others have everything"
        yield f"{release.stand_in.job}: {title} on {parting.name} is given up; {rest}"
    if not parting.releases:
        yield f"no stand-in has a member on {parting.name}; Nomad forgets the machine"


def _new(room: Plan) -> Iterator[str]:
    for step in room.steps:
        if isinstance(step, CreateVolumes):
            yield f"{step.name}: a new volume on {', '.join(place.name for place in step.places)}"
