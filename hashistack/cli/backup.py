"""`hashistack backup`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashistack.cli import options, service_backup
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, HashistackError

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.model import Stack
    from hashistack.plan.backup import Manifest
    from hashistack.views.cluster_events import EventView


@make(
    example="hashistack backup -e factory\nhashistack backup db -e factory --to /mnt/backups",
    exits=(Exit.DESCRIPTOR, Exit.UNAVAILABLE),
)
@options.file
@options.required_environment
@click.option(
    "--to",
    metavar="FOLDER",
    help="Where the backup is made. Default: among this machine's credentials of the environment.",
)
@click.argument("name", metavar="[NAME]", required=False)
def backup(
    session: Session, file: str | None, environment: str | None, to: str | None, name: str | None
) -> Exit:
    """Save the state of Consul's and Nomad's servers, or what a backing service keeps.

    Without a NAME that is the jobs, the secrets, the access control and what Consul knows. The folder it makes has
    the date in its name and holds a snapshot of each product, a manifest and checksums, and with them every secret
    of the cluster: only its owner can read it, and copies should be kept as carefully.

    With the NAME of a backing service that runs in the cluster it is what the engine saves of its data, in one file.
    """
    from hashistack import pipeline, targets
    from hashistack.cli.source import chosen, source
    from hashistack.views import backup as views
    from hashistack.views.cluster_events import EventView

    view = EventView(session.console)
    try:
        descriptor = source(session.terminal, file)
        stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
        cluster = targets.connect(stack, session.terminal.environ)
        parent = session.terminal.cwd / to if to else cluster.state.path / "backups"
        if name:
            return service_backup.save(session, cluster, stack, name, parent)
        folder, manifest = _take(cluster, stack, parent, view)
    except HashistackError as error:
        view.failed(error.diagnostics, error.exit_code)
        return error.exit_code
    views.taken(session.console, str(folder), manifest)
    return Exit.DONE


command = backup


def _take(cluster: Cluster, stack: Stack, parent: Path, view: EventView) -> tuple[Path, Manifest]:
    from hashistack.backends.cluster import SystemClock
    from hashistack.backends.snapshots import BackupFolder, Snapshots
    from hashistack.plan.backup import SNAPSHOTS, Manifest
    from hashistack.plan.progress import Saved

    snapshots = Snapshots(cluster.consul.endpoint, cluster.nomad.endpoint)
    versions = snapshots.versions()
    manifest = Manifest(
        app=stack.app,
        environment=stack.environment.name,
        taken=SystemClock().today(),
        consul=versions["Consul"],
        nomad=versions["Nomad"],
        jobs=snapshots.jobs(),
    )
    folder = BackupFolder(parent, manifest)
    try:
        for product in SNAPSHOTS:
            view.report(Saved(product, snapshots.save(product, folder.file(product), view)))
        folder.complete()
    finally:
        folder.abandon()
    return folder.path, manifest
