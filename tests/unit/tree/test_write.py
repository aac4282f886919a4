"""Writing, on real folders: all or nothing, never outside, and nothing lost when it is interrupted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from hashistack import pipeline
from hashistack.diagnostics import ConflictError, HashistackError
from hashistack.render import RenderedFile
from hashistack.tree import disk
from hashistack.tree.lock import Entry, Lock, digest, dump
from hashistack.tree.write import alone, private_file, write_file


def files(**contents: str) -> list[RenderedFile]:
    """Return rendered files: `a_x="text"` is the file a/x."""
    return [RenderedFile(name.replace("_", "/"), text.encode(), "t") for name, text in contents.items()]


def render(output: Path, *, force: bool = False, **contents: str) -> None:
    changes = pipeline.compare(files(**contents), output)
    pipeline.write(changes.forced() if force else changes, output)


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "hashistack.lock"
    }


def test_create_update_delete_and_the_empty_folder_goes_too(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "stack"
    render(output, a_x="1", a_y="2", b_x="3")
    assert tree(output) == {"a/x": "1", "a/y": "2", "b/x": "3"}
    render(output, a_x="1", a_y="changed")
    assert tree(output) == {"a/x": "1", "a/y": "changed"}
    assert not (output / "b").exists()
    assert set(disk.read_lock(output).files) == {"a/x", "a/y"}


def test_identical_files_are_not_touched(tmp_path: Path) -> None:
    render(tmp_path, a_x="1", a_y="2")
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    render(tmp_path, a_x="1", a_y="2")
    assert {path: path.stat() for path in tmp_path.rglob("*")} == before


def test_an_edited_file_stops_everything(tmp_path: Path) -> None:
    render(tmp_path, a_x="1", a_y="2")
    (tmp_path / "a/x").write_text("mine")
    lock = (tmp_path / "hashistack.lock").read_bytes()
    with pytest.raises(ConflictError) as caught:
        render(tmp_path, a_x="new", a_y="new", a_z="new")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["HS305"]
    assert tree(tmp_path) == {"a/x": "mine", "a/y": "2"}
    assert (tmp_path / "hashistack.lock").read_bytes() == lock


def test_force_keeps_what_was_there_every_time(tmp_path: Path) -> None:
    render(tmp_path, a_x="1")
    for text in ("mine", "mine again"):
        (tmp_path / "a/x").write_text(text)
        render(tmp_path, force=True, a_x="2")
    assert tree(tmp_path) == {"a/x": "2", "a/x.orig": "mine", "a/x.orig.1": "mine again"}


def test_force_moves_a_folder_or_link_aside(tmp_path: Path) -> None:
    (tmp_path / "a/x").mkdir(parents=True)
    (tmp_path / "a/y").symlink_to("/etc/hostname")
    render(tmp_path, force=True, a_x="1", a_y="2")
    assert (tmp_path / "a/x.orig").is_dir()
    assert (tmp_path / "a/y.orig").readlink() == Path("/etc/hostname")
    assert not (tmp_path / "a/y").is_symlink()
    assert (tmp_path / "a/y").read_text() == "2"


def test_a_linked_file_is_a_conflict_and_its_target_survives(tmp_path: Path) -> None:
    output, precious = tmp_path / "stack", tmp_path / "precious"
    precious.write_text("1")
    (output / "a").mkdir(parents=True)
    (output / "a/x").symlink_to(precious)
    with pytest.raises(ConflictError) as caught:
        render(output, a_x="1")
    assert caught.value.diagnostics[0].code == "HS307"
    assert precious.read_text() == "1"


@pytest.mark.parametrize("rendered", [{"a_x": "new"}, {}], ids=["write", "delete"])
def test_a_folder_that_links_outside_is_refused(tmp_path: Path, rendered: dict[str, str]) -> None:
    output, outside = tmp_path / "stack", tmp_path / "stack-outside"
    outside.mkdir()
    output.mkdir()
    (outside / "x").write_text("precious")
    (output / "a").symlink_to(outside)
    (output / "hashistack.lock").write_bytes(dump(Lock("1", {"a/x": Entry(digest(b"precious"), "t")})))
    with pytest.raises(ConflictError) as caught:
        render(output, force=False, **rendered)
    assert caught.value.diagnostics[0].code == "HS304"
    assert (outside / "x").read_text() == "precious"


def test_a_lock_that_names_files_outside_deletes_nothing(tmp_path: Path) -> None:
    output = tmp_path / "stack"
    output.mkdir()
    (tmp_path / "precious").write_text("1")
    (output / "hashistack.lock").write_bytes(dump(Lock("1", {"../precious": Entry(digest(b"1"), "t")})))
    with pytest.raises(HashistackError) as caught:
        render(output)
    assert caught.value.diagnostics[0].code == "HS303"
    assert (tmp_path / "precious").exists()


def test_the_output_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "stack").symlink_to(tmp_path / "real")
    render(tmp_path / "stack", a_x="1", b_x="2")
    render(tmp_path / "stack", a_x="1")
    assert tree(tmp_path / "real") == {"a/x": "1"}


def test_an_orphan_that_was_edited_stays(tmp_path: Path) -> None:
    render(tmp_path, a_x="1", a_y="2")
    (tmp_path / "a/y").write_text("mine")
    render(tmp_path, a_x="1")
    assert tree(tmp_path) == {"a/x": "1", "a/y": "mine"}
    assert set(disk.read_lock(tmp_path).files) == {"a/x"}


def test_without_the_lock_identical_files_are_taken_over(tmp_path: Path) -> None:
    render(tmp_path, a_x="1")
    (tmp_path / "hashistack.lock").unlink()
    render(tmp_path, a_x="1")
    render(tmp_path, a_x="2")
    assert tree(tmp_path) == {"a/x": "2"}


def test_the_mode_of_a_file_survives_an_update(tmp_path: Path) -> None:
    render(tmp_path, a_x="1")
    (tmp_path / "a/x").chmod(0o640)
    render(tmp_path, a_x="2")
    assert (tmp_path / "a/x").stat().st_mode & 0o777 == 0o640


def test_a_new_file_gets_the_mode_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "x", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640


def test_a_refusal_of_the_system_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "no folder").touch()
    with pytest.raises(HashistackError) as caught:
        render(tmp_path / "no folder" / "stack", a_x="1")
    assert caught.value.diagnostics[0].code == "HS309"
    assert "hashistack.lock" in caught.value.diagnostics[0].summary


def test_a_file_where_a_folder_must_be_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(ConflictError) as caught:
        render(tmp_path, a_x="1", b_x="2", b_y="3")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["HS314", "HS314"]
    assert tree(tmp_path) == {"b": "mine"}


def test_force_moves_a_file_aside_where_a_folder_must_be(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    render(tmp_path, force=True, b_x="2", b_y="3")
    assert tree(tmp_path) == {"b.orig": "mine", "b/x": "2", "b/y": "3"}


def test_an_orphan_below_a_file_is_forgotten(tmp_path: Path) -> None:
    render(tmp_path, a_x="1", b_x="2")
    (tmp_path / "b/x").unlink()
    (tmp_path / "b").rmdir()
    (tmp_path / "b").write_text("mine")
    render(tmp_path, a_x="1")
    assert tree(tmp_path) == {"a/x": "1", "b": "mine"}
    assert set(disk.read_lock(tmp_path).files) == {"a/x"}


def test_an_output_that_is_a_file_is_a_conflict(tmp_path: Path) -> None:
    (tmp_path / "stack").write_text("mine")
    with pytest.raises(ConflictError) as caught:
        render(tmp_path / "stack", a_x="1")
    assert caught.value.diagnostics[0].code == "HS313"


def test_a_folder_that_cannot_even_be_looked_at_is_explained(tmp_path: Path) -> None:
    with pytest.raises(HashistackError) as caught:
        render(tmp_path / ("long" * 100), a_x="1")
    assert caught.value.diagnostics[0].code == "HS310"


@pytest.mark.parametrize("link", ["stack", "stack/a"])
def test_links_that_lead_round_in_a_circle_are_explained(tmp_path: Path, link: str) -> None:
    (tmp_path / link).parent.mkdir(exist_ok=True)
    (tmp_path / link).symlink_to(Path(link).name)
    with pytest.raises(ConflictError) as caught:
        render(tmp_path / "stack", a_x="1")
    assert caught.value.diagnostics[0].code == "HS315"


def test_a_folder_in_the_place_of_the_lock_is_not_to_be_forced(tmp_path: Path) -> None:
    (tmp_path / "hashistack.lock").mkdir()
    with pytest.raises(ConflictError) as caught:
        render(tmp_path, force=True, a_x="1")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, "--force" in diagnostic.hint) == ("HS316", False)


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    render(tmp_path, a_x="1")
    for name in (".hashistack.lock.8.tmp", "a/.x.8000.tmp", "a/.x.tmp", "a/.other.8000.tmp"):
        (tmp_path / name).write_text("half")
    render(tmp_path, a_x="1")
    assert sorted(tree(tmp_path)) == ["a/.other.8000.tmp", "a/.x.tmp", "a/x"]


def test_whoever_comes_second_waits_and_says_so(tmp_path: Path) -> None:
    told, done = Event(), list[str]()

    def second() -> None:
        with alone(tmp_path / "stack", told.set):
            done.append("second")

    with alone(tmp_path / "stack", told.set):
        assert not told.is_set()
        thread = Thread(target=second)
        thread.start()
        assert told.wait(10)
        done.append("first")
    thread.join(10)
    assert done == ["first", "second"]
    assert list((tmp_path / "stack").iterdir()) == []


class Interrupted(BaseException):
    """What a Ctrl-C or a power cut is to the program."""


@contextmanager
def interrupted_after(replacements: int) -> Iterator[None]:
    """Let that many files be put in place, then stop the program."""
    real, left = Path.replace, iter(range(replacements))

    def replace(self: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise Interrupted
        return real(self, target)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(Path, "replace", replace)
        yield


@pytest.mark.parametrize("replacements", range(5))
@pytest.mark.parametrize(
    "then", [{"a_x": "new", "a_y": "new", "a_z": "new"}, {"a_x": "newer", "a_y": "newer"}]
)
def test_a_second_run_completes_an_interrupted_one(
    tmp_path: Path, replacements: int, then: dict[str, str]
) -> None:
    """The lock is written twice and three files once: five places to stop, and any descriptor may come next."""
    render(tmp_path, a_x="old", a_y="old")
    with interrupted_after(replacements):
        render(tmp_path, a_x="new", a_y="new", a_z="new")
    render(tmp_path, force=False, **then)
    assert tree(tmp_path) == {name.replace("_", "/"): text for name, text in then.items()}
    assert disk.read_lock(tmp_path).pending == {}


def test_an_edit_after_an_interruption_is_still_an_edit(tmp_path: Path) -> None:
    render(tmp_path, a_x="old")
    with interrupted_after(1):
        render(tmp_path, a_x="new")
    (tmp_path / "a/x").write_text("mine")
    with pytest.raises(ConflictError):
        render(tmp_path, a_x="new")


def test_eject_gives_the_file_away_for_good(tmp_path: Path) -> None:
    changes = pipeline.compare(
        [RenderedFile("a/x", b"# Code generated by hashistack from h; DO NOT EDIT.\n\njob", "t")], tmp_path
    )
    pipeline.write(changes, tmp_path)
    pipeline.eject(tmp_path, "a/x")
    assert tree(tmp_path) == {"a/x": "job"}
    render(tmp_path, a_x="new")
    assert tree(tmp_path) == {"a/x": "job"}
    (tmp_path / "a/x").unlink()
    render(tmp_path, a_x="new")
    assert tree(tmp_path) == {}
    render(tmp_path)
    assert disk.read_lock(tmp_path).ejected == {"a/x"}


def test_a_traceback_is_for_this_user_only() -> None:
    path = Path(private_file("hashistack-test-", "text"))
    try:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text() == "text"
    finally:
        path.unlink()
