"""Put a backup in the place of what a cluster has, Consul first, and see that it lives."""

from __future__ import annotations

from collections.abc import Sequence
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
_TICK = 0.5


class Servers(Protocol):
    """The servers of both products, as far as a restore is concerned."""

    def restore(self, product: str, path: Path) -> None:
        """Put a snapshot in the place of all that the servers have."""

    def has_leader(self, product: str) -> bool:
        """Tell whether the servers agree on a leader; False also while none answers."""

    def knows_us(self, product: str) -> bool:
        """Tell whether our token means anything to the servers."""

    def jobs(self) -> Sequence[str]:
        """List the jobs that are not stopped."""


@dataclass(frozen=True, slots=True)
class Restorer:
    """Carries a restore out in one cluster."""

    servers: Servers
    progress: Progress
    clock: Clock

    def restore(self, manifest: Manifest, folder: Path) -> None:
        """Restore both products and wait for the jobs of the backup; raise where something does not come back."""
        for product, file in SNAPSHOTS.items():
            self.servers.restore(product, folder / file)
            self._await_leader(product)
            if not self.servers.knows_us(product):
                raise BackendError(messages.locked_out(product))
            self.progress.report(Restored(product, manifest.taken))
        self._await_jobs(manifest.jobs)

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
