"""Backups of a service that cannot be read; the rest needs an engine: tests/local/test_stand_in_upkeep.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from hashistack.backends.backup_file import opened
from hashistack.diagnostics import UsageProblem


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("nowhere", "No such file")])
def test_what_cannot_be_read_is_told_with_the_reason(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(UsageProblem, match=reason):
        opened(tmp_path / name)
