import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import build


@pytest.mark.parametrize(
    ("found", "suitable"),
    [("1.11.3", True), ("1.11.12", True), ("1.11.2", False), ("1.12.0", False), ("2.0.1", False)],
)
def test_only_the_same_minor_series_and_not_older_stands_for_the_pinned_version(
    found: str, suitable: bool
) -> None:
    assert build.is_suitable(found, "1.11.3") is suitable


@pytest.mark.parametrize(
    ("output", "numbers"), [("go version go1.26.8 linux/amd64", (1, 26)), ("go version devel", ()), ("", ())]
)
def test_the_version_of_go_is_read_from_its_own_words(output: str, numbers: tuple[int, ...]) -> None:
    assert build.go_version(output) == numbers


@pytest.mark.parametrize("tool", ["nomad", "consul"])
def test_each_tool_is_pinned_by_its_go_mod(tool: str) -> None:
    assert build.pinned_version(tool).count(".") == 2


def fake(folder: Path, tool: str, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / tool
    program.write_text(f"#!/bin/sh\necho 'The {tool} v{version}'\n")
    program.chmod(0o755)
    return program


def test_a_suitable_binary_on_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake(tmp_path / "bin", "nomad", build.pinned_version("nomad"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.delenv("HASHISTACK_TEST_TOOLS", raising=False)
    assert build.ensure("nomad") == program
    folder = build.folder_for_path(["nomad"])
    assert (folder / "nomad").resolve() == program


def test_an_old_binary_on_path_gives_way_to_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path / "bin", "nomad", "1.2.3")
    cached = fake(tmp_path / "cache/hashistack-tests/bin", f"nomad-{build.pinned_version('nomad')}", "any")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    assert build.ensure("nomad") == cached


def test_without_go_and_wheel_it_says_what_to_get(tmp_path: Path) -> None:
    environment = {
        "PATH": "/nowhere",
        "XDG_CACHE_HOME": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "HOME": str(tmp_path),
    }
    command = [sys.executable, "-m", "tests.tools.build", "--build", "nomad"]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Install Go, or Nomad and Consul themselves" in done.stderr
    assert done.stdout == ""
