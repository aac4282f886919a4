"""A stand-in as small as it goes on real agents: its job is `upkeep.nomad.hcl`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hashistack.backends.endpoint import Endpoint
from hashistack.backends.exec import Task
from hashistack.backends.volumes import Volumes
from hashistack.compile.stand_ins.engine import Engine
from hashistack.diagnostics import BackendError
from hashistack.plan.stand_ins import StandIn
from tests.bed.agents import Agents
from tests.local import api

JOB = Path(__file__).with_name("upkeep.nomad.hcl").read_text()
STAND_IN = StandIn("upkeep", "upkeep", 1, 10, Engine(lambda *_: (), "engine"), None)


@contextmanager
def running(cluster: Agents) -> Iterator[Task]:
    """Run its only member, and take it away with its volume."""
    disks = Volumes(Endpoint("Nomad", cluster.nomad_addr))
    (machine,) = disks.nodes()
    volume = disks.create("upkeep", machine.id, 10)
    api.until(lambda: disks.state(volume) == "ready")
    job = api.submit(cluster.nomad_addr, JOB)
    try:
        found = api.until(lambda: api.running(cluster.nomad_addr, job))
        yield Task(found[0]["ID"], "engine")
    finally:
        api.purge(cluster.nomad_addr, job)
        api.until(lambda: _deleted(disks, volume))


def _deleted(disks: Volumes, volume: str) -> bool:
    """Delete it; Nomad refuses while it takes the member for running."""
    try:
        disks.delete(volume)
    except BackendError:
        return False
    return True
