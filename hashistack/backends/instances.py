"""The instances that Nomad's servers take for running, held against what the machines know of them."""

from __future__ import annotations

from contextlib import suppress

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.nomad import Nomad
from hashistack.backends.patience import until
from hashistack.diagnostics import BackendError
from hashistack.plan.actual import SIGN_OF_LIFE, Json
from hashistack.plan.restorer import Claim

_DONE = 200
_ENDED = ("Unknown allocation", "Task not found", "Task not running")
_END_SECONDS = 60.0  # twice the kill_timeout of our tasks


class Instances:
    """All instances of one cluster; every call raises `BackendError` when it is refused or cannot be made."""

    def __init__(self, nomad: Endpoint) -> None:
        self._nomad = Api(nomad)
        self._jobs = Nomad(nomad)

    def claimed(self) -> tuple[Claim, ...]:
        """List the instances that are to run, the newest first."""
        kinds = {stub["ID"]: stub["Type"] for stub in self._nomad.get("jobs") or []}
        found = [each for each in self._nomad.get("allocations") or [] if _is_to_run(each)]
        found.sort(key=lambda each: -int(each["CreateIndex"]))
        return tuple(_claim(each, everywhere=kinds.get(each["JobID"]) == "system") for each in found)

    def lives(self, claim: Claim) -> bool | None:
        """Ask the machine of an instance whether a task of it runs: one that has ended takes no signal.

        None where the machine does not answer: Nomad finds out by itself that it is gone. What an instance uses would
        not tell: Nomad measures that only for those who publish it (`publish_allocation_metrics`).
        """
        answers = set()
        for task in claim.tasks or self._tasks(claim):
            if answer := self._runs(claim.id, task):
                return True
            answers.add(answer)
        return None if None in answers else False

    def lost_folder(self, claim: Claim) -> bool:
        """Tell whether a task of an instance has done its work, but not in the folder that the instance has now.

        Nomad takes from the servers what is done, also for an instance that it begins in an empty folder. What a task
        said is in the folder. False where the machine does not tell.
        """
        if not claim.done:
            return False
        try:
            files = self._nomad.listed(f"client/fs/ls/{claim.id}", path="/alloc/logs")
        except BackendError:  # also where it does not answer in time
            return False
        names = [file["Name"] for file in files]
        return not all(any(name.startswith(f"{task}.std") for name in names) for task in claim.done)

    def replace(self, claim: Claim) -> None:
        """End an instance, and have another one in its place if it has no other yet.

        Of an ordinary job it takes over the disk.
        """
        self._nomad.put(f"allocation/{claim.id}/stop")
        if claim.everywhere:  # Nomad places it again only when it looks at the whole job
            self._await_end(claim.id)
            self._jobs.evaluate(claim.job)

    def forget_the_ended(self) -> None:
        """Have every machine that is heard forget the instances that have ended there."""
        for node in self.machines():
            with suppress(BackendError):
                self._nomad.put("client/gc", node_id=node)

    def place_what_lacks(self) -> None:
        """Have Nomad look at every job that is to run, and place the instances that it lacks."""
        for stub in self._nomad.get("jobs") or []:
            if stub["Type"] in ("service", "system") and not stub.get("Stop"):
                self._jobs.evaluate(stub["ID"])

    def are_heard(self) -> bool:
        """Tell whether every machine that is ready talks to a server; its numbers come from itself."""
        return all(map(self._is_heard, self.machines()))

    def machines(self) -> tuple[str, ...]:
        """Return the ids of the machines that are ready."""
        return tuple(node["ID"] for node in self._nomad.get("nodes") or [] if node["Status"] == "ready")

    def _is_heard(self, node: str) -> bool:
        try:
            return self._nomad.get("client/stats", node_id=node) is not None
        except BackendError:  # also where it does not answer in time
            return False

    def _tasks(self, claim: Claim) -> tuple[str, ...]:
        """Return the tasks that an instance is to have; the servers may have heard of none."""
        found = self._nomad.get(f"allocation/{claim.id}")
        groups = found["Job"]["TaskGroups"] if found else []
        return tuple(
            task["Name"] for group in groups if group["Name"] == claim.group for task in group["Tasks"]
        )

    def _runs(self, allocation: str, task: str) -> bool | None:
        body = {"Task": task, "Signal": SIGN_OF_LIFE}
        try:
            status, text = self._nomad.attempt("put", f"client/allocation/{allocation}/signal", body)
        except BackendError:  # also where it does not answer in time
            return None
        if status == _DONE:
            return True
        return False if any(words in text for words in _ENDED) else None

    def _await_end(self, allocation: str) -> None:
        def ended() -> bool:
            found = self._nomad.get(f"allocation/{allocation}")
            return not found or found["ClientStatus"] not in ("pending", "running")

        until(ended, _END_SECONDS)


def _is_to_run(allocation: Json) -> bool:
    return allocation["DesiredStatus"] == "run" and allocation["ClientStatus"] in ("pending", "running")


def _claim(allocation: Json, *, everywhere: bool) -> Claim:
    """Return an allocation as a claim.

    A name is taken once; of a job that is `everywhere`, once on each machine, and a canary has that of another one.
    """
    place = [allocation["Name"]]
    if everywhere:
        place.append(allocation["NodeID"])
    if (allocation.get("DeploymentStatus") or {}).get("Canary"):
        place.append("canary")
    states = allocation.get("TaskStates") or {}
    return Claim(
        allocation["ID"],
        allocation["JobID"],
        allocation["TaskGroup"],
        everywhere,
        " ".join(place),
        begun=allocation["ClientStatus"] == "running",
        tasks=tuple(sorted(states)),
        done=tuple(sorted(task for task, state in states.items() if _is_done(state))),
    )


def _is_done(state: Json) -> bool:
    """Tell whether a task began and ended well."""
    return state["State"] == "dead" and not state["Failed"] and bool(state["StartedAt"])
