"""The table at the top of compare.py, row by row."""

from __future__ import annotations

import pytest

from hashistack.render import RenderedFile
from hashistack.tree.compare import (
    Action,
    Blocked,
    Changes,
    NoFile,
    OnDisk,
    compare,
    conflict,
    lock_after,
    lock_before,
)
from hashistack.tree.lock import Entry, Lock, digest

PATH = "production/jobs/shop.nomad.hcl"
OURS = Lock("1", {PATH: Entry(digest(b"old"), "app")})
NONE = Lock("1")


def decide(lock: Lock, old: OnDisk, new: bytes | None) -> Changes:
    rendered = [] if new is None else [RenderedFile(PATH, new, "app")]
    return compare(rendered, lock, {PATH: old}, "2")


@pytest.mark.parametrize(
    ("lock", "old", "new", "action"),
    [
        (NONE, None, b"new", "create"),
        (OURS, None, b"new", "create"),
        (NONE, b"new", b"new", "keep"),
        (OURS, b"new", b"new", "keep"),
        (OURS, b"old", b"new", "update"),
        (OURS, b"edited", b"new", "conflict"),
        (NONE, b"somebody's", b"new", "conflict"),
        (OURS, NoFile("a folder"), b"new", "conflict"),
        (OURS, Blocked("production"), b"new", "conflict"),
        (OURS, b"old", None, "delete"),
        (OURS, b"edited", None, "abandon"),
        (OURS, NoFile("a symbolic link"), None, "abandon"),
        (OURS, None, None, "forget"),
        (OURS, Blocked("production"), None, "forget"),
    ],
)
def test_the_decision_table(lock: Lock, old: OnDisk, new: bytes | None, action: Action) -> None:
    (change,) = decide(lock, old, new).every
    assert (change.action, change.old, change.new) == (action, old, new)


@pytest.mark.parametrize(
    ("lock", "old", "code"),
    [
        (OURS, b"edited", "HS305"),
        (NONE, b"somebody's", "HS306"),
        (OURS, NoFile("a folder"), "HS307"),
        (OURS, Blocked("production"), "HS314"),
    ],
)
def test_a_conflict_says_what_is_in_the_way(lock: Lock, old: OnDisk, code: str) -> None:
    (change,) = decide(lock, old, b"new").conflicts
    assert conflict(change).code == code


@pytest.mark.parametrize("old", [None, b"old", b"edited"])
def test_an_ejected_file_is_not_even_looked_at(old: OnDisk) -> None:
    ejected = Lock("1", {PATH: Entry(digest(b"old"), "app")}, ejected=frozenset({PATH}))
    assert decide(ejected, old, b"new").every == ()
    assert decide(ejected, old, None).every == ()


def test_force_decides_conflicts_and_nothing_else() -> None:
    (forced,) = decide(OURS, b"edited", b"new").forced().every
    assert (forced.action, forced.backup) == ("update", True)
    updated = decide(OURS, b"old", b"new")
    assert updated.forced() == updated


def test_files_of_other_environments_are_no_orphans() -> None:
    lock = Lock(
        "1",
        {"a/x": Entry(digest(b"a"), "t"), "ab/x": Entry(digest(b"b"), "t"), "b/x": Entry(digest(b"b"), "t")},
    )
    changes = compare([], lock, {"a/x": b"a", "ab/x": b"b", "b/x": b"b"}, "2", ["a"])
    assert [(change.path, change.action) for change in changes.every] == [("a/x", "delete")]
    assert set(lock_after(changes).files) == {"ab/x", "b/x"}


def test_there_is_nothing_to_do_only_if_the_lock_too_is_what_it_would_be() -> None:
    up_to_date = Lock("2", {PATH: Entry(digest(b"new"), "app")})
    assert decide(up_to_date, b"new", b"new").nothing_to_do
    assert not decide(NONE, b"new", b"new").nothing_to_do
    assert not decide(Lock("1", up_to_date.files), b"new", b"new").nothing_to_do
    for on_disk in (b"edited", None):
        assert not decide(Lock("2", up_to_date.files), on_disk, None).nothing_to_do


def test_the_lock_afterwards_has_what_is_ours_now() -> None:
    lock = Lock(
        "1", {path: Entry(digest(b"old"), "t") for path in ("deleted", "edited", "gone", "kept", "updated")}
    )
    rendered = [RenderedFile(path, b"new", "u") for path in ("created", "kept", "updated")]
    disk: dict[str, OnDisk] = {"deleted": b"old", "edited": b"!", "kept": b"new", "updated": b"old"}
    after = lock_after(compare(rendered, lock, disk, "2"))
    assert after == Lock("2", {path: Entry(digest(b"new"), "u") for path in ("created", "kept", "updated")})


@pytest.mark.parametrize("on_disk", [b"old", b"new"])
def test_an_interrupted_update_is_no_edit_even_for_another_descriptor(on_disk: bytes) -> None:
    interrupted = lock_before(decide(OURS, b"old", b"new"))
    assert decide(interrupted, on_disk, b"newer").every[0].action == "update"
    assert decide(interrupted, on_disk, None).every[0].action == "delete"


def test_an_interrupted_creation_is_ours() -> None:
    interrupted = lock_before(decide(NONE, None, b"new"))
    assert decide(interrupted, b"new", b"newer").every[0].action == "update"
    assert decide(interrupted, b"new", None).every[0].action == "delete"
    assert decide(interrupted, None, b"newer").every[0].action == "create"


def test_two_interruptions_in_a_row_are_no_edit() -> None:
    once = lock_before(decide(OURS, b"old", b"new"))
    twice = lock_before(decide(once, b"new", b"newer"))
    assert decide(twice, b"new", b"newest").every[0].action == "update"
    assert decide(twice, b"newer", b"newest").every[0].action == "update"
    assert decide(twice, b"edited", b"newest").every[0].action == "conflict"


def test_what_another_environment_left_pending_stays_pending() -> None:
    lock = Lock("1", pending={"a/x": digest(b"a"), "b/x": digest(b"b")})
    changes = compare([RenderedFile("a/x", b"new", "t")], lock, {"a/x": b"a"}, "1", ["a"])
    assert lock_before(changes).pending == {"a/x": digest(b"new"), "b/x": digest(b"b")}
    assert lock_after(changes).pending == {"b/x": digest(b"b")}
