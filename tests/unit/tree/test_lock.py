from __future__ import annotations

import json

import pytest

from hashistack.diagnostics import HashistackError
from hashistack.tree import lock as locks
from hashistack.tree.lock import Entry, Lock

FULL = Lock(
    generator="1.2.3",
    files={"b/x.hcl": Entry("22", "x.j2"), "a/x.hcl": Entry("11", "x.j2")},
    pending={"a/x.hcl": "33"},
    ejected=frozenset({"c/y.hcl", "a/y.hcl"}),
)


def test_what_is_written_is_read_again() -> None:
    assert locks.parse(locks.dump(FULL)) == FULL
    assert locks.parse(locks.dump(Lock())) == Lock()


def test_equal_locks_are_equal_bytes_whatever_the_order() -> None:
    turned = Lock(FULL.generator, dict(reversed(list(FULL.files.items()))), FULL.pending, FULL.ejected)
    assert locks.dump(turned) == locks.dump(FULL)
    assert list(json.loads(locks.dump(FULL))["files"]) == ["a/x.hcl", "b/x.hcl"]


def test_only_what_is_there_is_written() -> None:
    assert json.loads(locks.dump(Lock("1", {"a": Entry("2", "3")}))) == {
        "format": 1,
        "generator": "1",
        "files": {"a": {"sha256": "2", "template": "3"}},
    }


def test_the_old_and_the_pending_bytes_are_ours_and_no_others() -> None:
    lock = Lock(
        files={"a": Entry(locks.digest(b"old"), "t")},
        pending={"a": locks.digest(b"new"), "b": locks.digest(b"b")},
    )
    assert [lock.wrote("a", content) for content in (b"old", b"new", b"else")] == [True, True, False]
    assert lock.wrote("b", b"b")
    assert not lock.wrote("c", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "a/./b",
        "",
        ".",
        "a\\..\\x",
        "a/\x1b[2Jb",
        "a/b/",
        "hashistack.lock",
    ],
)
@pytest.mark.parametrize("key", ["files", "pending", "ejected"])
def test_a_path_that_may_lead_outside_is_refused(path: str, key: str) -> None:
    entry: object = {"sha256": "1", "template": "t"} if key == "files" else "1"
    content = {"format": 1, "generator": "1", "files": {}, key: [path] if key == "ejected" else {path: entry}}
    with pytest.raises(HashistackError) as caught:
        locks.parse(json.dumps(content).encode())
    assert caught.value.diagnostics[0].code == "HS303"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<<<<<<< HEAD\n{}", b"[]", b"1", b"{}", b"\xff",
        b'{"format": 1}',
        b'{"format": 1, "generator": "1", "files": []}',
        b'{"format": 1, "generator": "1", "files": {"a": "b"}}',
        b'{"format": 1, "generator": "1", "files": {"a": {"sha256": 1, "template": ""}}}',
        b'{"format": 1, "generator": "1", "files": {}, "ejected": 3}',
        b'{"format": 1, "generator": "1", "files": {"a": {"sha256": "1", "template": "\\ud800"}}}',
        b"[" * 200_000,
    ],
)  # fmt: skip
def test_a_damaged_lock_is_explained(content: bytes) -> None:
    with pytest.raises(HashistackError) as caught:
        locks.parse(content)
    assert caught.value.diagnostics[0].code == "HS301"


@pytest.mark.parametrize("base", [b"", b'||||||| 1234567\n      "sha256": "0",\n'], ids=["merge", "diff3"])
def test_what_either_of_two_merged_branches_wrote_is_ours(base: bytes) -> None:
    ours, theirs = (locks.digest(content) for content in (b"ours", b"theirs"))
    whole = locks.dump(Lock("1", {"a": Entry(ours, "t"), "b": Entry(ours, "t")}))
    line = f'      "sha256": "{ours}",\n'.encode()
    other = line.replace(ours.encode(), theirs.encode())
    conflict = b"<<<<<<< HEAD\n" + line + base + b"=======\n" + other + b">>>>>>> branch\n"
    lock = locks.parse(whole.replace(line, conflict))
    for path in ("a", "b"):
        assert [lock.wrote(path, content) for content in (b"ours", b"theirs", b"else")] == [True, True, False]
    assert lock.paths() == {"a", "b"}


def test_a_newer_lock_is_left_alone() -> None:
    with pytest.raises(HashistackError) as caught:
        locks.parse(b'{"format": 2, "anything": []}')
    assert caught.value.diagnostics[0].code == "HS302"
