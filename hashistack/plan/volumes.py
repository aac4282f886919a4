"""Where the volumes of stand-ins go: on machines that lack one and have room, spread over racks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hashistack.diagnostics import BackendError, Diagnostic
from hashistack.messages import stand_in_steps as messages

POOL = "default"


@dataclass(frozen=True, slots=True)
class Node:
    """A machine that runs jobs; `free` disk in MiB, None where it did not say.

    `takes`: it is ready, takes new instances and makes volumes. `away`: Nomad takes it for down, or waits for it.
    `holds`: the names of its volumes, also of those that the servers do not know.
    """

    id: str
    name: str
    pool: str
    rack: str
    address: str
    takes: bool
    free: int | None
    away: bool = False
    holds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as Nomad lists it; `node` is the id of its machine."""

    id: str
    name: str
    node: str
    state: str


@dataclass(frozen=True, slots=True)
class Need:
    """How many volumes of one name there are to be, each on a machine of its own; `storage` in MiB."""

    name: str
    nodes: int
    storage: int


def fitting(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the machines on which stand-ins can start now."""
    return tuple(node for node in nodes if node.takes and node.pool == POOL)


def missing(
    needs: Sequence[Need], nodes: Sequence[Node], volumes: Sequence[Volume]
) -> Mapping[str, tuple[Node, ...]]:
    """Return by name the machines that are to get a volume; raise, for all names together, where there are too few.

    A volume on a machine that is down is still one: the machine may come back with it.
    """
    work = _Work(nodes, volumes)
    found = {need.name: tuple(work.places(need)) for need in needs}
    if work.problems:
        raise BackendError(*work.problems)
    return found


class _Work:
    """What is left of every disk, and how many volumes each machine has, while places are given away."""

    def __init__(self, nodes: Sequence[Node], volumes: Sequence[Volume]) -> None:
        self._nodes = {node.id: node for node in nodes}
        self._holders: dict[str, list[str]] = {}
        for volume in volumes:
            if volume.node in self._nodes:  # Nomad forgets a machine that stays away, and its volumes later
                self._holders.setdefault(volume.name, []).append(volume.node)
        self._load = Counter(node for holders in self._holders.values() for node in holders)
        self._free = {node.id: node.free for node in nodes}
        self.problems: list[Diagnostic] = []

    def places(self, need: Need) -> Iterator[Node]:
        """Yield a machine for each volume that is missing."""
        holders = self._holders.setdefault(need.name, [])
        lacking = need.nodes - len(holders)
        # Nomad refuses a second volume of one name on a machine, also where the servers have forgotten the first.
        there = [node for node in fitting(tuple(self._nodes.values())) if need.name not in node.holds]
        candidates = [node for node in there if node.id not in holders]
        roomy = [node for node in candidates if self._has_room(node, need)]
        if lacking > len(roomy):
            self.problems.append(self._problem(need, lacking, candidates, roomy))
            return
        for _ in range(lacking):
            node = min(roomy, key=lambda each: self._rank(each, holders))
            roomy.remove(node)
            self._give(node, need, holders)
            yield node

    def _rank(self, node: Node, holders: Sequence[str]) -> tuple[int, int, str]:
        """Prefer racks with fewer volumes of this name, then machines with fewer volumes at all."""
        rack = sum(self._nodes[each].rack == node.rack for each in holders)
        return rack, self._load[node.id], node.name

    def _give(self, node: Node, need: Need, holders: list[str]) -> None:
        holders.append(node.id)
        self._load[node.id] += 1
        free = self._free[node.id]
        if free is not None:
            self._free[node.id] = free - need.storage

    def _has_room(self, node: Node, need: Need) -> bool:
        free = self._free[node.id]
        return free is None or free >= need.storage

    def _problem(
        self, need: Need, lacking: int, candidates: Sequence[Node], roomy: Sequence[Node]
    ) -> Diagnostic:
        full = [(node.name, self._free[node.id] or 0) for node in candidates if node not in roomy]
        if lacking <= len(candidates):
            return messages.no_room_on_disks(need.name, need.storage, full)
        others = [node.name for node in self._nodes.values() if not node.takes and node.pool == POOL]
        return messages.too_few_nodes(need.name, need.nodes, need.nodes - lacking + len(candidates), others)
