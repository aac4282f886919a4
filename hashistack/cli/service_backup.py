"""Backups of what one backing service keeps: `hashistack backup NAME` and `hashistack restore NAME FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hashistack.cli.question import agreed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, UsageProblem
from hashistack.messages import stand_in_upkeep as say

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.model import Stack
    from hashistack.plan.stand_ins import StandIn
    from hashistack.targets import Site
    from hashistack.views.cluster_events import EventView


def save(session: Session, cluster: Cluster, stack: Stack, name: str, parent: Path) -> Exit:
    """Write what a service keeps into a file below `parent`."""
    from hashistack.backends.cluster import SystemClock
    from hashistack.backends.service_backup import backup_of
    from hashistack.views import backup as views

    stand_in = stand_in_of(stack, name)
    taken = SystemClock().today().replace(":", "")
    file = parent / f"{stack.app}-{stack.environment.name}-{name}-{taken}.backup"
    size = backup_of(cluster.nomad, stand_in).save(file)
    views.service_saved(session.console, name, str(file), size)
    return Exit.DONE


def put_back(session: Session, site: Site, name: str, file: Path, view: EventView, *, yes: bool) -> Exit:
    """Put a file that `save` wrote in the place of what a service keeps."""
    from hashistack import targets
    from hashistack.backends.backup_file import opened
    from hashistack.backends.service_backup import backup_of
    from hashistack.plan.progress import Waiting
    from hashistack.views import backup as views

    stand_in = stand_in_of(site.stack, name)
    with opened(file) as reading, targets.held(site) as cluster:
        backup = backup_of(cluster.nomad, stand_in)
        backup.check()
        question = f"Put {file.name} in the place of all that {name} keeps?"
        if not agreed(session, question, say.restoring_needs_yes(name), yes=yes):
            return Exit.FAILED
        view.report(Waiting(f"{stand_in.job} to take {file.name}"))
        backup.restore(reading)
        views.service_restored(session.console, name, str(file))
    return Exit.DONE


def stand_in_of(stack: Stack, name: str) -> StandIn:
    """Return the service of this name that runs in the cluster; raise where there is none."""
    from hashistack.plan.stand_ins import stand_ins

    found = {each.name: each for each in stand_ins(stack)}
    if name not in found:
        raise UsageProblem(say.unknown_name(name, sorted(found)))
    return found[name]
