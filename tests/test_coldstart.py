"""What a command may import: a stray import of a client costs more than rendering."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "asyncio", "boto3", "consul", "cryptography", "hcl2", "httpx", "hvac", "importlib.metadata", "jsonschema",
    "logging", "multiprocessing", "nomad", "pydantic", "requests", "rich", "ssl", "unittest", "urllib3",
}  # fmt: skip
DESCRIPTOR = """\
app: shop
image: example.com/shop:1
env: {CACHE: "${cache.url}"}
processes: {web: {command: ./web, port: 8000, health: /health, routes: [/]}, nightly: {command: x, schedule: "@daily"}}
backing_services: {cache: {type: redis}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hashistack.yaml").write_text(DESCRIPTOR)
    return tmp_path


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Return the modules that a command has loaded when it ends."""
    code = f"import sys; sys.argv[1:] = {list(arguments)!r}; from hashistack.__main__ import main; assert main() == 0; "
    code += "sys.stdout.write('MODULES ' + ' '.join(sys.modules))"
    env = {"XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, check=True, capture_output=True, text=True
    )
    return set(done.stdout.split("MODULES ")[1].split())


@pytest.mark.parametrize("command", ["render", "diff", "validate", "schema", "docs", "graph", "version"])
def test_no_command_without_a_cluster_loads_a_client(folder: Path, command: str) -> None:
    assert loaded(folder, command) & HEAVY == set()


def test_the_help_of_a_cluster_command_loads_no_client(folder: Path) -> None:
    assert loaded(folder, "up", "--help") & HEAVY == set()


def test_nothing_changed_loads_next_to_nothing(folder: Path) -> None:
    loaded(folder, "render")
    modules = loaded(folder, "render")
    ours = {module for module in modules if module.split(".")[0] in {"hashistack", "click", "yaml", "jinja2"}}
    assert ours == {"hashistack", "hashistack.__main__", "hashistack.discovery", "hashistack.unchanged"}
    assert modules & {"dataclasses", "pathlib", "inspect", *HEAVY} == set()
