"""What hashistack knows of an engine beside its job: what its Nomad variables hold, and whether it keeps data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.model import BackingService, Stack

Artifacts = Callable[[Stack, BackingService, str], tuple[Artifact, ...]]
"""Return the files of a service: its job and, where the engine has one, the job `<app>-<name>-setup`."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine of a backing service.

    `task` is the name of its main task, whose `/local/report.sh` tells how the cluster is. `public` and `private` are
    the items that are generated once: `public` ones are read by the app (variable `nomad/jobs/<job>`), `private` ones
    by the nodes alone (`nomad/jobs/<job>/node`). `user` is the name under which the app logs in; `{job}` in it stands
    for the job. `setup` tells whether a batch job `<job>-setup` is run to its end after it; `stateful`, whether its
    nodes have volumes and places. `buckets` tells that what it keeps are objects, which are copied as clients of S3 do;
    another engine whose data can be saved has `/local/backup.sh` and `/local/restore.sh`.
    """

    artifacts: Artifacts
    task: str
    public: tuple[str, ...] = ("password",)
    private: tuple[str, ...] = ()
    user: str = "app"
    setup: bool = False
    stateful: bool = True
    buckets: bool = False
