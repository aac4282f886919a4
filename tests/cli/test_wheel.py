"""The wheel works where nothing but the wheel is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it in an empty virtual environment and return its program folder."""
    work = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", work, REPOSITORY], check=True
    )
    (wheel,) = work.glob("hashistack-*.whl")
    environment = work / "environment"
    venv.create(environment, with_pip=False)
    programs = environment / "bin"
    # The very versions that the other tests run with, and those that they depend on as pip finds them.
    known = [
        f"{name}=={metadata.version(name)}\n"
        for name in ("click", "jinja2", "pyyaml", "python-nomad", "py-consul")
    ]
    (work / "versions.txt").write_text("".join(known))
    into = ["--python", str(programs / "python"), "install", "--constraint", str(work / "versions.txt")]
    subprocess.run([*pip, *into, str(wheel)], check=True)
    return programs


def test_it_renders_the_example_as_the_checkout_does(installed: Path, tmp_path: Path) -> None:
    trees = {}
    programs = {
        "wheel": [str(installed / "hashistack")],
        "checkout": [sys.executable, "-m", "hashistack"],
    }
    for name, program in programs.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "hashistack.yaml").write_bytes((REPOSITORY / "examples/shop/hashistack.yaml").read_bytes())
        env = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path / f"cache-{name}")}
        subprocess.run([*program, "render"], cwd=folder, env=env, check=True, capture_output=True)
        trees[name] = {
            path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
    assert len(trees["wheel"]) > 3
    assert trees["wheel"] == trees["checkout"]


def test_it_answers_at_once_when_nothing_changed(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "hashistack.yaml").write_bytes((REPOSITORY / "examples/shop/hashistack.yaml").read_bytes())
    env = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [str(installed / "python"), "-X", "importtime", str(installed / "hashistack"), "render"]
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, text=True)
    assert "nothing to change" in done.stderr
    assert "jinja2" not in done.stderr


def test_it_holds_no_more_than_the_program(installed: Path) -> None:
    (package,) = installed.parent.glob("lib/python*/site-packages/hashistack")
    folders = {path.name for path in package.iterdir() if path.is_dir()} - {"__pycache__"}
    assert {"_templates", "_jobs", "_terraform"} <= folders
    assert not [path for path in package.parent.iterdir() if path.name in {"tests", "benchmarks", "examples"}]
