"""Print what a backup holds and what a restore replaces."""

from __future__ import annotations

from dataclasses import asdict

from hashistack.diagnostics import Exit
from hashistack.plan.backup import Manifest
from hashistack.views import human
from hashistack.views.console import Console
from hashistack.views.json import document


def taken(console: Console, folder: str, manifest: Manifest) -> None:
    """Print where a backup is: the last line of a stream of JSON objects, or the folder alone on stdout."""
    if console.json:
        console.record({"event": "done", **document(Exit.DONE, folder=folder, backup=asdict(manifest))})
        return
    console.note(f"{_count(manifest)}, taken at {manifest.taken}; it holds every secret of the cluster")
    console.data(human.printable(folder))


def about_to_restore(console: Console, manifest: Manifest) -> None:
    """Print what the cluster becomes."""
    if console.json:
        return
    console.note(
        human.printable(f"{manifest.app} in {manifest.environment} becomes what it was at {manifest.taken}:")
    )
    for job in manifest.jobs:
        console.note(human.printable(f"  job {job}"))
    console.note("what was changed since is lost: jobs, secrets, tokens")
    console.note("backing services keep the data that is on their machines")


def service_saved(console: Console, name: str, file: str, size: int) -> None:
    """Print where the backup of a service is."""
    if console.json:
        console.record({"event": "done", **document(Exit.DONE, service=name, file=file, size=size)})
        return
    console.note(human.printable(f"saved {name}: {human.size(size)}; only its owner can read it"))
    console.data(human.printable(file))


def service_restored(console: Console, name: str, file: str) -> None:
    """Say that a service keeps what is in a file."""
    if not console.json:
        console.note(human.printable(f"{name} has what {file} holds"))


def _count(manifest: Manifest) -> str:
    return f"{len(manifest.jobs)} job{'' if len(manifest.jobs) == 1 else 's'}"
