"""Put a backup in the place of what a cluster has, Consul first, and see that it lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hashistack.diagnostics import BackendError, DeployError
from hashistack.messages import upkeep as messages
from hashistack.plan.backup import SNAPSHOTS, Manifest
from hashistack.plan.interfaces import Clock
from hashistack.plan.progress import Progress, Restored, Waiting

_LEADER_PATIENCE = 60.0  # seconds for the servers to agree on a leader again
_JOBS_PATIENCE = 60.0
_HEARD_PATIENCE = 120.0  # a machine that was refused tries again after half a minute
_SETTLING = 10.0  # seconds for the machines to hear of the snapshot's instances
_CALM_PATIENCE = 120.0
_CALM = 15.0  # seconds in which nothing comes up twice
_LOOK = 5.0
_TICK = 0.5


@dataclass(frozen=True, slots=True)
class Claim:
    """An instance that is to run, as Nomad's servers see it.

    `everywhere`: it is of a job that runs on every machine. `place` is what only one instance is to have. `begun`: the
    servers take it for running. `tasks`: those of its tasks of which they have heard; `done`: those of them that have
    done their work, and do not run again.
    """

    id: str
    job: str
    group: str
    everywhere: bool
    place: str
    begun: bool = True
    tasks: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


class Instances(Protocol):
    """What runs, as the servers see it and as the machines do."""

    def claimed(self) -> Sequence[Claim]:
        """List the instances that are to run, the newest first."""

    def lives(self, claim: Claim) -> bool | None:
        """Ask the machine of an instance whether it runs; None where it does not answer."""

    def lost_folder(self, claim: Claim) -> bool:
        """Tell whether its machine began an instance anew in an empty folder, without what is done before its tasks."""

    def replace(self, claim: Claim) -> None:
        """End an instance, and have another one in its place if it has no other yet."""

    def forget_the_ended(self) -> None:
        """Have every machine that is heard forget the instances that have ended there."""

    def place_what_lacks(self) -> None:
        """Have the servers look at every job that is to run, and place the instances that it lacks."""

    def are_heard(self) -> bool:
        """Tell whether every machine that is there talks to the servers."""


class Servers(Protocol):
    """The servers of both products, as far as a restore is concerned."""

    def restore(self, product: str, path: Path) -> None:
        """Put a snapshot in the place of all that the servers have."""

    def has_leader(self, product: str) -> bool:
        """Tell whether the servers agree on a leader; False also while none answers."""

    def forget_strangers(self) -> None:
        """Remove from Consul the machines that have another identity now than in the snapshot."""

    def knows_us(self, product: str) -> bool:
        """Tell whether our token means anything to the servers."""

    def jobs(self) -> Sequence[str]:
        """List the jobs that are not stopped."""


@dataclass(frozen=True, slots=True)
class Restorer:
    """Carries a restore out in one cluster.

    A machine does not tell twice that an instance has ended: one that ended after the snapshot would count as running
    for good, and keep its ports. So the machines forget what has ended and their agents start anew (`restart`; the
    containers go on), then each instance is asked for at its machine, and replaced where there is none. Instances that
    the snapshot does not know are ended by the machines themselves.

    Machines that heard from servers without data have ended all instances, and begin those of the snapshot anew, in
    empty folders. But what comes before an instance's tasks is done by what the servers say, and does not run again:
    such an instance is replaced, too.

    A machine that was still ending an instance says so after the restore, and Nomad places another one; but it starts
    the first one again, too, which the snapshot says is to run. Two that want the same ports let Nomad place nothing
    more on the machine, so of two in one place only the newest goes on: the other may have lost its folder. A machine
    may tell of it late, or end it without Nomad looking at the job again: so Nomad is asked to, and it is over when
    nothing has come up twice for a while and all has begun.
    """

    servers: Servers
    instances: Instances
    progress: Progress
    clock: Clock
    restart: Callable[[], None]

    def restore(self, manifest: Manifest, folder: Path) -> tuple[Claim, ...]:
        """Restore both products and wait for the jobs of the backup; raise where something does not come back.

        Returns the instances that have not begun in time: what has no room is for `up` to tell.
        """
        for product, file in SNAPSHOTS.items():
            self.servers.restore(product, folder / file)
            self._await_leader(product)
            if not self.servers.knows_us(product):
                raise BackendError(messages.locked_out(product))
            if product == "Consul":
                self.servers.forget_strangers()
            self.progress.report(Restored(product, manifest.taken))
        self._await_jobs(manifest.jobs)
        self._start_anew()
        self._replace_the_dead()
        return self._await_calm()

    def _await_leader(self, product: str) -> None:
        end = self.clock.now() + _LEADER_PATIENCE
        self.progress.report(Waiting(f"{product} to have a leader"))
        while not self.servers.has_leader(product):
            if self.clock.now() > end:
                raise BackendError(messages.not_back(product, _LEADER_PATIENCE))
            self.clock.wait(_TICK)

    def _await_jobs(self, jobs: Sequence[str]) -> None:
        end = self.clock.now() + _JOBS_PATIENCE
        while missing := sorted(set(jobs) - set(self.servers.jobs())):
            if self.clock.now() > end:
                raise DeployError(messages.jobs_missing(missing))
            self.clock.wait(_TICK)

    def _start_anew(self) -> None:
        self._await_heard()  # servers that had lost what they knew have refused every machine
        self.instances.forget_the_ended()
        self.progress.report(Waiting("Nomad to start anew on every machine"))
        self.restart()
        self._await_heard()
        self.clock.wait(_SETTLING)

    def _await_heard(self) -> None:
        """Wait for all machines that count as ready; one that is gone by now does so for a while, and is left out."""
        end = self.clock.now() + _HEARD_PATIENCE
        if not (heard := self.instances.are_heard()):
            self.progress.report(Waiting("every machine to be heard"))
        while not heard and self.clock.now() < end:
            self.clock.wait(_TICK)
            heard = self.instances.are_heard()

    def _replace_the_dead(self) -> None:
        claims = self.instances.claimed()
        doubles = self._end_doubles(claims)
        singles = [claim for claim in claims if claim not in doubles]
        bereft = [claim for claim in singles if self.instances.lost_folder(claim)]
        alive = [(claim, self.instances.lives(claim)) for claim in singles if claim not in bereft]
        ended = [claim for claim, lives in alive if claim.begun and lives is False]
        untold = [claim for claim, lives in alive if lives and not claim.begun]
        for claim in (*bereft, *ended, *self._for_good(untold)):
            self.progress.report(Waiting(f"{claim.job}: {claim.group} to start anew"))
            self.instances.replace(claim)

    def _for_good(self, untold: Sequence[Claim]) -> Sequence[Claim]:
        """Return those of the instances of which the servers still have not heard that they began.

        One that began after the backup does not tell it twice, and Consul no longer knows its token; any other does.
        """
        if not untold:
            return ()
        self.clock.wait(_LOOK)
        claims = self.instances.claimed()
        return [claim for claim in untold if claim in claims]

    def _await_calm(self) -> tuple[Claim, ...]:
        """End what comes up twice until nothing does any more; return what has not begun by then."""
        now = since = self.clock.now()
        end = now + _CALM_PATIENCE
        waits: tuple[Claim, ...] = ()
        while now < end and now - since < _CALM:
            self.instances.place_what_lacks()
            self.clock.wait(_LOOK)
            claims, now = self.instances.claimed(), self.clock.now()
            doubles = self._end_doubles(claims)
            waits = tuple(claim for claim in claims if not claim.begun and claim not in doubles)
            if doubles or waits:
                since = now
        return waits

    def _end_doubles(self, claims: Sequence[Claim]) -> list[Claim]:
        doubles = _doubles(claims)
        for claim in doubles:
            self.progress.report(Waiting(f"{claim.job}: {claim.group} to end, for another has its place"))
            self.instances.replace(claim)
        return doubles


def _doubles(claims: Sequence[Claim]) -> list[Claim]:
    """Return all but the newest instance of each place."""
    newest: dict[str, Claim] = {}
    return [claim for claim in claims if newest.setdefault(claim.place, claim) != claim]
