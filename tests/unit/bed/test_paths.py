from pathlib import Path

import pytest

from tests.bed import paths


def test_the_cache_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert paths.cache_folder() == tmp_path / "hashistack-tests"
    assert paths.cache_folder().is_dir()


def test_a_lock_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    with paths.locked(tmp_path / "lock"):
        assert paths.try_lock(tmp_path / "lock") is None
    again = paths.try_lock(tmp_path / "lock")
    assert again
    again.close()


def test_the_last_of_those_who_share_can_have_it_alone(tmp_path: Path) -> None:
    first, second = paths.share(tmp_path / "lock"), paths.share(tmp_path / "lock")
    first.close()
    assert paths.try_lock(tmp_path / "lock") is None
    second.close()
    alone = paths.try_lock(tmp_path / "lock")
    assert alone
    alone.close()


def test_a_folder_that_somebody_removes_meanwhile_is_nobodys(tmp_path: Path) -> None:
    assert paths.try_lock(tmp_path / "gone" / "lock") is None
