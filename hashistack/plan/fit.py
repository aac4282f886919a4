"""Whether the processes find room on the machines of a cloud target, when there are few of both and when many. Pure.

An estimate: Nomad places by what the tasks ask for, as this does, but in another order. Machines count as the smallest
of the types that the group may start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hashistack.compile.batch import BatchView, release_job
from hashistack.compile.instance_types import InstanceType, instance
from hashistack.compile.stand_ins import engine_of
from hashistack.compile.stand_ins.member import Member
from hashistack.diagnostics import Diagnostic
from hashistack.messages import plan as messages
from hashistack.model import Clients, Stack

INGRESS = (200, 256)
"""What the ingress on each machine asks for, in MHz and MiB, as in `templates/ingress.nomad.hcl.j2`."""
AGENTS = (100, 512)
"""What is set aside for the system, Docker, Nomad and Consul, in MHz and MiB: an assumption, Nomad reserves nothing."""
_USABLE = 0.95  # of the memory that EC2 names: the kernel keeps a few percent; an assumption too
_MOST_MACHINES = 200
_SIZES = ("medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge")


@dataclass(frozen=True, slots=True)
class Demand:
    """What asks for room: `count` instances of `cpu` MHz and `memory` MiB each; `key` is its key in the descriptor."""

    key: str
    count: int
    cpu: int
    memory: int


@dataclass(frozen=True, slots=True)
class Lack:
    """The first that finds no room, how many of it do, and the machines that would be enough (0: none would)."""

    demand: Demand
    placed: int
    machines: int


@dataclass(frozen=True, slots=True)
class Level:
    """The machines when there are few or many; cpu in MHz and memory in MiB, of all of them together."""

    clients: int
    cpu: int
    memory: int
    cpu_asked: int
    memory_asked: int
    lack: Lack | None


@dataclass(frozen=True, slots=True)
class Fit:
    """How full the machines of type `kind` are when there are as few as may be, and as many."""

    kind: str
    least: Level
    most: Level


@dataclass(slots=True)
class _Machine:
    cpu: int
    memory: int

    def takes(self, demand: Demand) -> bool:
        """Put one instance on the machine, if it has room for it."""
        if demand.cpu > self.cpu or demand.memory > self.memory:
            return False
        self.cpu -= demand.cpu
        self.memory -= demand.memory
        return True


def fit(stack: Stack) -> Fit | None:
    """Return how full the machines are; None if the target has none of its own, or their type is not known."""
    clients = stack.environment.clients
    machine = _smallest(clients) if clients else None
    if clients is None or machine is None:
        return None
    return Fit(
        machine.name,
        _level(stack, machine, clients.min, most=False),
        _level(stack, machine, clients.max, most=True),
    )


def warnings(stack: Stack) -> tuple[Diagnostic, ...]:
    """Return what does not fit and what to change."""
    found = fit(stack)
    return tuple(_warnings(stack, found)) if found else ()


def _warnings(stack: Stack, found: Fit) -> Iterator[Diagnostic]:
    name = stack.environment.name
    for level, key in ((found.least, "min"), (found.most, "max")):
        if level.lack is None:
            continue
        lack, demand = level.lack, level.lack.demand
        if not lack.machines:
            yield messages.too_big(
                demand.key, demand.cpu, demand.memory, found.kind, bigger(found.kind, demand), name
            )
            return
        yield messages.no_room(
            demand.key, lack.placed, demand.count, level.clients, found.kind, key, lack.machines, name
        )


def bigger(kind: str, demand: Demand) -> str:
    """Return the smallest type of the same family that has room for one instance, "" if there is none."""
    family = kind.partition(".")[0]
    types = filter(None, (instance(f"{family}.{size}") for size in _SIZES))
    return next((each.name for each in types if _machine(each, ingress=True).takes(demand)), "")


def _smallest(clients: Clients) -> InstanceType | None:
    """Return the type that has least room, of those that may be started; None if one is not known."""
    types = [found for kind in clients.types if (found := instance(kind)) is not None]
    if len(types) < len(clients.types):
        return None
    return min(types, key=lambda each: (each.memory, each.vcpus * each.clock), default=None)


def _level(stack: Stack, machine: InstanceType, clients: int, *, most: bool) -> Level:
    ingress = any(process.routes for process in stack.processes)
    demands = tuple(_demands(stack, most=most))
    room = _machine(machine, ingress=ingress)
    return Level(
        clients,
        room.cpu * clients,
        room.memory * clients,
        sum(each.cpu * each.count for each in demands),
        sum(each.memory * each.count for each in demands),
        _lack(demands, machine, clients, ingress=ingress),
    )


def _machine(kind: InstanceType, *, ingress: bool) -> _Machine:
    cpu, memory = INGRESS if ingress else (0, 0)
    return _Machine(
        kind.vcpus * kind.clock - AGENTS[0] - cpu, int(kind.memory * _USABLE) - AGENTS[1] - memory
    )


def _lack(demands: Sequence[Demand], kind: InstanceType, clients: int, *, ingress: bool) -> Lack | None:
    found = _first_without_room(demands, [_machine(kind, ingress=ingress) for _ in range(clients)])
    if found is None:
        return None
    demand, placed = found
    if not _machine(kind, ingress=ingress).takes(demand):
        return Lack(demand, placed, 0)
    enough = range(clients + 1, _MOST_MACHINES)
    return Lack(
        demand, placed, next((n for n in enough if _fits(demands, kind, n, ingress=ingress)), _MOST_MACHINES)
    )


def _fits(demands: Sequence[Demand], kind: InstanceType, clients: int, *, ingress: bool) -> bool:
    return _first_without_room(demands, [_machine(kind, ingress=ingress) for _ in range(clients)]) is None


def _first_without_room(demands: Sequence[Demand], machines: Sequence[_Machine]) -> tuple[Demand, int] | None:
    """Place the greatest first, each on the first machine that takes it."""
    for demand in sorted(demands, key=lambda each: (-each.memory, -each.cpu, each.key)):
        for placed in range(demand.count):
            if not any(machine.takes(demand) for machine in machines):
                return demand, placed
    return None


def _demands(stack: Stack, *, most: bool) -> Iterator[Demand]:
    """Yield all that may run at the same time: a deploy runs one more instance of each process for a while."""
    for process in stack.processes:
        count = (process.scale.max if most else process.scale.min) + 1
        yield Demand(f"processes.{process.name}", count, process.cpu, process.memory)
    for scheduled in stack.scheduled:
        yield Demand(f"processes.{scheduled.name}", 1, scheduled.cpu, scheduled.memory)
    for job in release_job(stack, ""):
        if isinstance(job.view, BatchView):
            yield Demand("release", 1, job.view.task.cpu, job.view.task.memory)
    yield from _stand_ins(stack)


@runtime_checkable
class _OfNodes(Protocol):
    """What the job of a stand-in shows of its nodes."""

    member: Member


def _stand_ins(stack: Stack) -> Iterator[Demand]:
    for service in stack.backing_services:
        engine = engine_of(service)
        for artifact in engine.artifacts(stack, service, "") if engine else ():
            if isinstance(artifact.view, _OfNodes):
                node = artifact.view.member
                yield Demand(node.key, node.nodes, node.cpu, node.memory)
