"""Tier 2: checkov finds nothing in the stacks of the matrix but what the one table of reasons says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hashistack.compile.aws.checkov import SKIPS
from tests.aws import matrix
from tests.bed.missing import BedUnavailable, Missing
from tests.conftest import needed

REPOSITORY = Path(__file__).parents[2]
# It wants other versions of what we use: it has an environment of its own.
VENV = REPOSITORY / ".venv-checkov/bin"
_SKIP = re.compile(r"^ *#checkov:skip=(?P<check>\w+): (?P<reason>.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of all stacks of the matrix, each with its Terraform only."""
    folder = tmp_path_factory.mktemp("stacks")
    for case in matrix.CASES:
        matrix.rendered(case, folder / case)
    return folder


@pytest.fixture(scope="module")
def report(stacks: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what checkov says of them: passed, failed and skipped checks."""
    with needed():
        program = shutil.which("checkov", path=str(VENV)) or shutil.which("checkov")
        if program is None:
            reason = "it is neither on PATH nor in .venv-checkov"
            raise BedUnavailable(
                [Missing("checkov", reason, "Run `make test` or `make .venv-checkov/ready`.")]
            )
    options = ("--framework=terraform", "--compact", "--skip-download", "--output=json")
    done = subprocess.run(
        [program, "--directory", str(stacks), *options], capture_output=True, text=True, check=False
    )
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["summary"]["parsing_errors"] == 0, said["results"]
    results: dict[str, list[dict[str, Any]]] = said["results"]
    return results


def test_checkov_finds_nothing(report: dict[str, list[dict[str, Any]]]) -> None:
    assert [_words(check) for check in report["failed_checks"]] == []
    assert len(report["passed_checks"]) > 1000


def test_it_has_read_every_stack(report: dict[str, list[dict[str, Any]]]) -> None:
    read = {check["file_path"].split("/")[1] for check in report["passed_checks"]}
    assert read == set(matrix.CASES)


def test_every_skip_gives_the_reason_of_the_table(stacks: Path) -> None:
    assert {match["check"]: match["reason"] for match in _skips(stacks)} == SKIPS


def test_no_template_has_a_reason_of_its_own() -> None:
    templates = (REPOSITORY / "terraform").rglob("*.j2")
    assert [template.name for template in templates if "checkov:" in template.read_text()] == []


def _skips(stacks: Path) -> list[re.Match[str]]:
    return [match for file in stacks.rglob("*.tf") for match in _SKIP.finditer(file.read_text())]


def _words(check: dict[str, Any]) -> str:
    return f"{check['file_path']}: {check['resource']}: {check['check_id']} {check['check_name']}"
