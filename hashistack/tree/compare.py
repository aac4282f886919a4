"""Decide what happens to each file, from what was rendered, what the lock says and what is on disk. Pure.

on disk                      rendered             what happens
-------                      --------             ------------
nothing                      a file               create
anything                     the same bytes       keep (and record)
as we wrote it               other bytes          update
edited, not ours, no file    other bytes          conflict: nothing at all is written
as we wrote it               no longer            delete
edited                       no longer            abandon: it stays, and is no longer ours
nothing                      no longer            forget: only the lock has to

A file where a folder of the path must be is in the way of a rendered file; where nothing is rendered, it is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hashistack.diagnostics import Diagnostic
from hashistack.messages import files as say
from hashistack.render import RenderedFile
from hashistack.tree.lock import Entry, Lock, digest

Action = Literal["create", "update", "keep", "conflict", "delete", "abandon", "forget"]


@dataclass(frozen=True, slots=True)
class NoFile:
    """Something at a file's place that is no regular file: a link, a folder, a device; `kind` says which."""

    kind: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing can be at a path: `by`, one of the folders that lead there, is no folder."""

    by: str


OnDisk = bytes | NoFile | Blocked | None
"""The content of a path: None if there is nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one path; `ours` is False where somebody else put what is there; `backup` keeps that aside."""

    path: str
    action: Action
    old: OnDisk
    new: bytes | None
    template: str = ""
    ours: bool = True
    backup: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What happens to every path, sorted by path, the lock it starts from, and the hashistack that says so."""

    every: tuple[Change, ...]
    lock: Lock
    generator: str

    def having(self, *actions: Action) -> tuple[Change, ...]:
        """Return the changes with one of these actions."""
        return tuple(change for change in self.every if change.action in actions)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """Return what stands in the way of writing anything."""
        return self.having("conflict")

    @property
    def effective(self) -> tuple[Change, ...]:
        """Return what alters the folder, or would but for a conflict."""
        return self.having("create", "update", "delete", "conflict")

    @property
    def lock_differs(self) -> bool:
        """Say whether the lock would say something else afterwards."""
        return lock_after(self) != self.lock

    @property
    def nothing_to_do(self) -> bool:
        """Say whether the folder is what it should be, to the last word of the lock."""
        return not self.effective and not self.lock_differs

    def forced(self) -> Changes:
        """Return the same with every conflict decided for us; what stood there is kept beside as PATH.orig."""
        return replace(self, every=tuple(_forced(change) for change in self.every))


def compare(
    rendered: Sequence[RenderedFile],
    lock: Lock,
    disk: Mapping[str, OnDisk],
    generator: str,
    environments: Sequence[str] | None = None,
) -> Changes:
    """Decide about every path; with `environments`, files of other environments are left out of it."""
    new = {file.path: file for file in rendered if file.path not in lock.ejected}
    orphans = {path for path in within(lock.paths(), environments) if path not in new}
    decided = [
        *(_wanted(file, lock, disk.get(path)) for path, file in new.items()),
        *(_orphan(path, lock, disk.get(path)) for path in orphans),
    ]
    return Changes(tuple(sorted(decided, key=lambda change: change.path)), lock, generator)


def within(paths: Iterable[str], environments: Sequence[str] | None) -> set[str]:
    """Return the paths that belong to `environments`; None means all."""
    return {path for path in paths if environments is None or path.split("/", 1)[0] in environments}


def _wanted(file: RenderedFile, lock: Lock, old: OnDisk) -> Change:
    return Change(
        file.path, _action(file, lock, old), old, file.content, file.template, file.path in lock.paths()
    )


def _action(file: RenderedFile, lock: Lock, old: OnDisk) -> Action:
    if old is None:
        return "create"
    if isinstance(old, NoFile | Blocked):
        return "conflict"
    if old == file.content:
        return "keep"
    return "update" if lock.wrote(file.path, old) else "conflict"


def _orphan(path: str, lock: Lock, old: OnDisk) -> Change:
    if old is None or isinstance(old, Blocked):
        return Change(path, "forget", old, None)
    ours = isinstance(old, bytes) and lock.wrote(path, old)
    return Change(path, "delete" if ours else "abandon", old, None)


def _forced(change: Change) -> Change:
    return replace(change, action="update", backup=True) if change.action == "conflict" else change


def lock_before(changes: Changes) -> Lock:
    """Return the lock to write before the first file: from then on both the old and the new bytes count as ours."""
    on_disk = {
        change.path: Entry(digest(change.old), change.template)
        for change in changes.every
        if isinstance(change.old, bytes) and changes.lock.wrote(change.path, change.old)
    }
    writing = changes.having("create", "update")
    pending = {change.path: digest(change.new) for change in writing if change.new is not None}
    return replace(
        changes.lock,
        files={**changes.lock.files, **on_disk},
        pending={**_pending_elsewhere(changes), **pending},
    )


def lock_after(changes: Changes) -> Lock:
    """Return the lock to write after the last file; paths that were not looked at keep their entries."""
    gone = {change.path for change in changes.having("delete", "abandon", "forget")}
    others = {path: entry for path, entry in changes.lock.files.items() if path not in gone}
    rendered = {
        change.path: Entry(digest(change.new), change.template)
        for change in changes.every
        if change.new is not None
    }
    return Lock(changes.generator, {**others, **rendered}, _pending_elsewhere(changes), changes.lock.ejected)


def _pending_elsewhere(changes: Changes) -> dict[str, str]:
    """Return what an earlier, interrupted run left pending in environments that this run does not look at."""
    looked_at = {change.path for change in changes.every}
    return {path: sha256 for path, sha256 in changes.lock.pending.items() if path not in looked_at}


def conflict(change: Change) -> Diagnostic:
    """Return what to tell the user about a conflict."""
    if isinstance(change.old, NoFile):
        return say.no_file(change.path, change.old.kind)
    if isinstance(change.old, Blocked):
        return say.blocked(change.path, change.old.by)
    return say.edited(change.path) if change.ours else say.foreign(change.path)
