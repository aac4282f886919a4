"""`hashistack restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashistack.cli import options, service_backup, sites
from hashistack.cli.command import command as make
from hashistack.cli.frame import framed
from hashistack.cli.question import agreed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import DeployError, Exit, UsageProblem
from hashistack.messages import stand_in_upkeep
from hashistack.messages import upkeep as say

if TYPE_CHECKING:
    from hashistack.model import Stack
    from hashistack.plan.backup import Manifest
    from hashistack.targets import Site
    from hashistack.views.cluster_events import EventView

_NAME_AND_BACKUP = 2


@make(
    example="hashistack restore -e factory backups/shop-factory-2026-11-21T180000Z\n"
    "hashistack restore -e factory db backups/shop-factory-db-2026-11-21T180000Z.backup",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.output
@options.yes
@click.argument("given", metavar="[NAME] BACKUP", nargs=-1)
def restore(
    session: Session,
    file: str | None,
    environment: str | None,
    output: str | None,
    yes: bool,
    given: tuple[str, ...],
) -> Exit:
    """Put a backup in the place of what Consul's and Nomad's servers have, or of what a backing service keeps.

    Without a NAME, BACKUP is a folder that `hashistack backup` made. All jobs, secrets and tokens become those of its
    time; what was changed since is lost. Checks the backup first, and asks. Tokens that people made after the backup
    are unknown afterwards; the hosts are given theirs anew.

    With the NAME of a backing service, BACKUP is the file that `hashistack backup NAME` wrote.
    """
    if len(given) not in (1, _NAME_AND_BACKUP):
        raise UsageProblem(stand_in_upkeep.restore_what(len(given)))
    folder = session.terminal.cwd / given[-1]

    def work(view: EventView) -> Exit:
        site = sites.existing(session, sites.Asked(file, environment, output), view.report)
        if len(given) == _NAME_AND_BACKUP:
            return service_backup.put_back(session, site, given[0], folder, view, yes=yes)
        return _run(session, site, _manifest(folder, site.stack), folder, view, yes=yes)

    return framed(session, work, "restoring")


def _manifest(folder: Path, stack: Stack) -> Manifest:
    """Return the manifest of a backup that is whole and of this stack."""
    from hashistack.backends.snapshots import read_backup

    manifest = read_backup(folder)
    found = f"{manifest.app} in {manifest.environment}"
    wanted = f"{stack.app} in {stack.environment.name}"
    if found != wanted:
        raise UsageProblem(say.backup_of_another(folder.name, found, wanted))
    return manifest


def _run(
    session: Session, site: Site, manifest: Manifest, folder: Path, view: EventView, *, yes: bool
) -> Exit:
    from functools import partial

    from hashistack import targets
    from hashistack.backends.cluster import SystemClock
    from hashistack.backends.instances import Instances
    from hashistack.backends.snapshots import Snapshots
    from hashistack.plan.backup import cautions
    from hashistack.plan.restorer import Restorer
    from hashistack.targets import upkeep
    from hashistack.views import backup as views

    with targets.held(site) as cluster:
        servers = Snapshots(cluster.consul.endpoint, cluster.nomad.endpoint)
        begun = servers.answer_us()
        if begun:
            view.notices(cautions(manifest, servers.versions()))
        views.about_to_restore(session.console, manifest)
        question = (
            f"Replace all of {manifest.app} in {manifest.environment} by what it was at {manifest.taken}?"
        )
        unasked = say.restore_needs_yes(manifest.app, manifest.environment)
        if not agreed(session, question, unasked, yes=yes):
            return Exit.FAILED
        if not begun:
            upkeep.begin(site, cluster, servers.answer_us)
            view.notices(cautions(manifest, servers.versions()))
        late = Restorer(
            servers,
            Instances(cluster.nomad.endpoint),
            view,
            SystemClock(),
            partial(upkeep.restart_nomad, site, cluster),
        ).restore(manifest, folder)
        upkeep.hand_out(site, cluster)
    if late:
        raise DeployError(say.not_begun(sorted({f"{claim.job}: {claim.group}" for claim in late})))
    return Exit.DONE


command = restore
