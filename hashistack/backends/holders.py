"""What binds stand-ins to machines: Nomad's claims on volumes, and the members' places in Consul."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.nomad import Nomad
from hashistack.backends.volumes import Volumes
from hashistack.diagnostics import BackendError
from hashistack.messages import cluster as messages
from hashistack.plan import names
from hashistack.plan.members import Place
from hashistack.plan.replace_node import Claim, Holdings, Machine
from hashistack.plan.setup import DONE

_MEMBERS = "members/"
_DRAINED = "complete"  # the others: draining, canceled (Nomad 1.11, structs.go)
_ENDS = ("pending", "running")  # what has not ended yet


class Holders:
    """The claims and places of one cluster; every call raises `BackendError` when it cannot be made."""

    def __init__(self, consul: Endpoint, nomad: Endpoint) -> None:
        self._consul = Api(consul)
        self._nomad = Api(nomad)
        self._jobs = Nomad(nomad)
        self._volumes = Volumes(nomad)

    def read(self, jobs: Sequence[str]) -> Holdings:
        """Return what machines hold of these jobs."""
        busy = {
            each["NodeID"]
            for job in jobs
            for each in self._jobs.allocations(job)
            if each["ClientStatus"] in _ENDS
        }
        return Holdings(
            tuple(_machine(each, busy) for each in self._nomad.listed("nodes")),
            self._volumes.volumes(),
            tuple(
                Claim(each["ID"], each["JobID"], each["VolumeID"])
                for job in jobs
                for each in self._nomad.listed("volumes/claims", job_id=job)
            ),
            self.places(jobs),
            frozenset(
                each["Path"].removeprefix(names.AUTHORITIES)
                for each in self._nomad.listed("vars", prefix=names.AUTHORITIES)
            ),
        )

    def places(self, jobs: Sequence[str]) -> tuple[Place, ...]:
        """Return the members of these jobs, wherever their machines are."""
        return tuple(place for job in jobs for place in self._places(job))

    def release_claim(self, claim: str) -> None:
        """Let another volume be taken in the place of one; a claim that is gone is fine."""
        try:
            self._nomad.delete(f"volumes/claim/{claim}")
        except BackendError as error:
            if "does not exist" not in str(error):  # Nomad says it with status 500
                raise

    def release_place(self, place: Place) -> None:
        """Let another machine be the member; raise where it has become another's meanwhile."""
        # Consul's own word and not another look: who waits for the place may have it by then.
        if self._consul.delete(f"kv/{place.key}", cas=str(place.index)).strip() == "false":
            raise BackendError(messages.changed_meanwhile(f"Consul's key {place.key}"))

    def begin_anew(self, job: str) -> None:
        """Forget that a cluster was ever formed, and what was set up in it; what is not there is fine."""
        for key in (names.founder_key(job), names.formed_key(job)):
            self._consul.delete(f"kv/{key}")
        found = self._jobs.variable(names.authority_variable(job))
        if found and DONE in found.items:
            kept = {item: value for item, value in found.items.items() if item != DONE}
            self._jobs.put_variable(replace(found, items=kept))

    def forget_machine(self, node: str) -> None:
        """Let Nomad forget a machine, and take what ran there for lost."""
        self._nomad.put(f"node/{node}/purge")

    def runs(self, job: str) -> bool:
        """Tell whether there is such a job and nobody has stopped it."""
        found = self._jobs.job(job)
        return found is not None and not found["Stop"]

    def reschedule(self, job: str) -> None:
        """Let Nomad look for machines for what is missing of a job."""
        self._jobs.reschedule(job)

    def remove_volume(self, volume: str) -> None:
        """Delete a volume with what is in it."""
        # Without `force` Nomad would ask a machine that it does not know any more.
        self._nomad.delete(f"volume/host/{volume}/delete", force="true")

    def members(self, job: str) -> int:
        """Count the instances of a job that run."""
        found = self._jobs.allocations(job)
        return sum(each["ClientStatus"] == "running" and each["DesiredStatus"] == "run" for each in found)

    def _places(self, job: str) -> Iterator[Place]:
        found = self._consul.get(f"kv/{names.keys_below(job)}{_MEMBERS}", recurse="") or []
        for each in found:
            node, _, address = b64decode(each["Value"] or "").decode().partition(" ")
            member = each["Key"].rpartition("/")[2]
            yield Place(each["Key"], job, member, node, address, int(each["ModifyIndex"]))


def _machine(stub: dict[str, Any], busy: set[str]) -> Machine:
    """Read a machine; one that takes no jobs for another reason is not to be given up: somebody may be repairing it."""
    closed = stub["SchedulingEligibility"] != "eligible" and not stub["Drain"]
    drained = closed and (stub.get("LastDrain") or {}).get("Status") == _DRAINED
    return Machine(stub["ID"], stub["Name"], stub["Status"], idle=drained and stub["ID"] not in busy)
