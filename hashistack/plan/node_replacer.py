"""Carry the farewell of a machine out: what is new first, then what is old, then the wait for the new members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hashistack.diagnostics import BackendError, DeployError
from hashistack.messages import stand_in_upkeep as messages
from hashistack.plan.interfaces import Clock
from hashistack.plan.members import Place
from hashistack.plan.progress import Left, Progress, Removed, Running, Waiting
from hashistack.plan.replace_node import Farewell, Release
from hashistack.plan.report import Answer
from hashistack.plan.stand_ins import StandIn
from hashistack.plan.steps import Plan
from hashistack.plan.volumes import Volume

PATIENCE = 1800.0  # a new member copies all that the others have
_REMOVAL_PATIENCE = 60.0  # seconds for Nomad to take what ran on a machine that it forgets for lost
_TICK = 3.0


class Holders(Protocol):
    """What binds stand-ins to machines."""

    def release_claim(self, claim: str) -> None:
        """Let another volume be taken in the place of one."""

    def release_place(self, place: Place) -> None:
        """Let another machine be the member; raise where it has become another's meanwhile."""

    def begin_anew(self, job: str) -> None:
        """Forget that a cluster was ever formed, and what was set up in it."""

    def forget_machine(self, node: str) -> None:
        """Let Nomad forget a machine, and take what ran there for lost."""

    def runs(self, job: str) -> bool:
        """Tell whether there is such a job and nobody has stopped it."""

    def reschedule(self, job: str) -> None:
        """Let Nomad look for machines for what is missing of a job."""

    def remove_volume(self, volume: str) -> None:
        """Delete a volume with what is in it."""

    def members(self, job: str) -> int:
        """Count the instances of a job that run."""


class Asked(Protocol):
    """Asks stand-ins for their reports."""

    def of(self, stand_ins: Sequence[StandIn]) -> Mapping[str, Answer]:
        """Return the answers by job."""


@dataclass(frozen=True, slots=True)
class NodeReplacer:
    """Replaces a machine; `prepare` gives effect to the steps that make room for the new members."""

    holders: Holders
    asked: Asked
    prepare: Callable[[Plan], None]
    progress: Progress
    clock: Clock

    def replace(self, parting: Farewell, room: Plan) -> None:
        """Make room elsewhere, release what the machine holds, and wait until every stand-in is whole.

        Every step can be done again: a second run goes on where the first one ended. So the places go last, by which a
        machine is found that Nomad has forgotten.
        """
        self.prepare(room)
        for release in parting.releases:
            self._release_claims(release, parting.name)
        for node in parting.forgotten:
            self.holders.forget_machine(node)
            self.progress.report(Removed("machine", f"{parting.name} from Nomad"))
        for volume in parting.volumes:
            self._remove(volume, parting.name)
        for release in parting.releases:
            self._release_places(release, parting.name)
        self.begin([release.stand_in for release in parting.releases])

    def begin(self, found: Sequence[StandIn]) -> None:
        """Have Nomad start the new members of what runs, and wait for them; after `down` nothing does."""
        running = [each for each in found if self.holders.runs(each.job)]
        for each in running:
            self.holders.reschedule(each.job)
        for each in running:
            self._await_whole(each)
        for each in found:
            if each not in running:
                self.progress.report(Left("job", each.job, messages.STARTED_BY_UP))

    def _release_claims(self, release: Release, machine: str) -> None:
        job = release.stand_in.job
        if release.last:  # before a place is free: who takes it has to find nothing to join
            self.holders.begin_anew(job)
            self.progress.report(Removed("cluster", f"{job}: it begins empty"))
        for claim in release.claims:
            self.holders.release_claim(claim.id)
            self.progress.report(Removed("claim", f"of {job} on its volume on {machine}"))

    def _release_places(self, release: Release, machine: str) -> None:
        job = release.stand_in.job
        for place in release.places:
            self.holders.release_place(place)
            self.progress.report(Removed("member", f"{place.member} of {job} on {machine} ({place.address})"))

    def _remove(self, volume: Volume, machine: str) -> None:
        """Delete a volume, and with it what remains of claims on it.

        Each of Nomad's servers gives a claim an id of its own, so that releasing it by its id does so on one of them
        (1.11, state_store_task_group_volume_claims.go); a claim on a volume that is gone counts nowhere.
        """
        end = self.clock.now() + _REMOVAL_PATIENCE
        while True:
            try:
                self.holders.remove_volume(volume.id)
                break
            except BackendError:  # an instance there is not yet taken for lost
                if self.clock.now() > end:
                    raise
            self.clock.wait(_TICK)
        self.progress.report(Removed("volume", f"{volume.name} on {machine}"))

    def _await_whole(self, stand_in: StandIn) -> None:
        end = self.clock.now() + PATIENCE
        self.progress.report(Waiting(f"{stand_in.job} to have all members and every copy again"))
        while lacking := self._lacking(stand_in):
            if self.clock.now() > end:
                raise DeployError(messages.not_whole(stand_in.job, lacking, PATIENCE))
            self.clock.wait(_TICK)
        self.progress.report(Running(stand_in.job, None))

    def _lacking(self, stand_in: StandIn) -> str:
        """Say what is still missing, "" once nothing is."""
        try:
            running = self.holders.members(stand_in.job)
        except BackendError as error:  # servers elect a leader anew; half an hour is not given up for that
            return ", ".join(each.summary for each in error.diagnostics)
        if running < stand_in.nodes:
            return f"{running} of {stand_in.nodes} members run"
        answer = self.asked.of((stand_in,))[stand_in.job]
        if answer.report is None:
            return answer.problem
        return "" if answer.report.full else answer.report.under_replicated or "not every copy is there"
