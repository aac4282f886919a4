"""Ask stand-ins how they are: each by the script of its engine, in one of its members, all at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from hashistack.backends.exec import Exec, Task
from hashistack.backends.nomad import Nomad
from hashistack.diagnostics import BackendError
from hashistack.messages import stand_in_upkeep as messages
from hashistack.plan.actual import Json
from hashistack.plan.report import Answer, askable, leader_first, read
from hashistack.plan.stand_ins import StandIn

_COMMAND = ("/bin/sh", "/local/report.sh")
QUICK = 10.0  # seconds for one member; a report takes one or two
PATIENT = 60.0  # where much depends on it, and the machines have lost one of them
# One that does not answer may be on a machine that Nomad does not yet call down; the only one may have been cut off.
_TRIES = 2
_READY = "ready"


class Reports:
    """The reports of the stand-ins of one cluster; who does not answer says so in his answer."""

    def __init__(self, nomad: Nomad, seconds: float = QUICK) -> None:
        """Wait for a member's answer for so many seconds."""
        self._nomad = nomad
        self._seconds = seconds
        self._exec = Exec(nomad.endpoint)

    def of(self, stand_ins: Sequence[StandIn]) -> Mapping[str, Answer]:
        """Return the answers by job."""
        if not stand_ins:
            return {}
        silent = frozenset(node["ID"] for node in self._nomad.nodes() if node["Status"] != _READY)
        found = [(each, askable(self._nomad.allocations(each.job), silent)) for each in stand_ins]
        with ThreadPoolExecutor(max_workers=len(found)) as pool:
            answers = pool.map(lambda pair: self._ask(*pair), found)
        return {each.job: answer for (each, _), answer in zip(found, answers, strict=True)}

    def instances(self, stand_in: StandIn) -> list[Task]:
        """Return the main tasks that run, that of the member which leads first."""
        addresses = {node["ID"]: node["Address"] for node in self._nomad.nodes() if node["Status"] == _READY}
        found = [
            (addresses[each["NodeID"]], each)
            for each in askable(self._nomad.allocations(stand_in.job))
            if each["NodeID"] in addresses
        ]
        report = self.of((stand_in,))[stand_in.job].report
        return [Task(each["ID"], stand_in.engine.task) for each in leader_first(report, found)]

    def leader(self, stand_in: StandIn) -> Task:
        """Return the main task of the member that leads, or of any that runs; raise where none does."""
        found = self.instances(stand_in)
        if not found:
            raise BackendError(messages.nothing_runs(stand_in.job))
        return found[0]

    def _ask(self, stand_in: StandIn, allocations: Sequence[Json]) -> Answer:
        problem = "no member runs"
        for allocation in islice(cycle(allocations), _TRIES):
            task = Task(allocation["ID"], stand_in.engine.task)
            try:
                return Answer(read(self._exec.text(task, _COMMAND, self._seconds)))
            except BackendError as error:
                problem = str(error)
        return Answer(None, problem)
