"""What we render as Terraform is held against Terraform itself: its formatter and its checker."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hashistack.render.environment import source_of
from tests.bed.terraform import init_flags

FOLDERS = sorted(path.parent for path in (Path(__file__).parent / "golden").rglob("versions.tf"))


def name(folder: Path) -> str:
    return "/".join(folder.parts[folder.parts.index("golden") + 1 :])


def run(terraform: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    empty = folder / "empty.tfrc"  # whoever runs the tests may have settings of their own
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": str(empty)}
    empty.touch()
    return subprocess.run(
        [terraform, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(params=FOLDERS, ids=name)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of a rendered folder, whole, that Terraform may write to."""
    copy = tmp_path / "terraform"
    shutil.copytree(request.param, copy)
    for script in ("bootstrap.sh", "host.sh"):
        shutil.copy(source_of(script), copy)
    return copy


def test_there_is_something_to_check() -> None:
    assert FOLDERS


def test_terraform_would_format_nothing(folder: Path, terraform: Path) -> None:
    done = run(terraform, "fmt", "-check", "-diff", folder=folder)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_terraform_finds_it_valid(folder: Path, terraform: Path) -> None:
    done = run(terraform, "init", "-backend=false", "-input=false", *init_flags(), folder=folder)
    assert done.returncode == 0, done.stderr
    done = run(terraform, "validate", "-no-color", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Success! The configuration is valid.\n" in done.stdout
    assert "Warning" not in done.stdout
