"""The buckets of the environment itself: access logs, and the servers' snapshots."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.model import Snapshots, Stack

_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class StorageView:
    """What `storage.tf` shows; `logs` and `days` are how long access logs and snapshots are kept."""

    environment: str
    logs: int
    snapshots: bool
    days: int


def artifacts(stack: Stack, source: str, folder: str) -> tuple[Artifact, ...]:
    """Return the file of the buckets."""
    cloud, snapshots = stack.environment.cloud, stack.environment.snapshots
    if cloud is None:
        return ()
    view = StorageView(
        environment=stack.environment.name,
        logs=cloud.logs,
        snapshots=snapshots is not None,
        days=_days(snapshots) if snapshots else 0,
    )
    return (Artifact(f"{folder}/storage.tf", "aws/storage.tf.j2", view, source),)


def _days(snapshots: Snapshots) -> int:
    """Return the days after which as many snapshots as are kept have been saved, at least one: S3 counts in days."""
    return max(1, -(-snapshots.every * snapshots.keep // _DAY))
