import os
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bed import packages
from tests.bed.missing import BedUnavailable


def test_what_is_there_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "NEEDED", {"shell": (lambda: True, "everything starts with it")})
    assert packages.missing(["shell"]) == []
    packages.ensure(["shell"])


def test_all_that_is_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(packages, "NEEDED", {"a": (lambda: False, "why a"), "b": (lambda: False, "why b")})
    with pytest.raises(BedUnavailable) as caught:
        packages.ensure(["a", "b"])
    assert str(caught.value) == (
        "a is missing: why a. On Debian: apt-get install a\nb is missing: why b. On Debian: apt-get install b"
    )


def test_two_at_a_time_install_one_after_the_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = tmp_path / "there"
    calls: list[list[str]] = []

    def install(names: Iterable[str]) -> None:
        calls.append(list(names))
        time.sleep(0.2)  # as apt-get takes its time: without a lock the other one begins meanwhile
        there.touch()

    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(packages, "_install", install)
    monkeypatch.setattr(packages, "NEEDED", {"a": (there.exists, "why a")})
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(packages.ensure, [["a"], ["a"]]))
    assert calls == [["a"]]
