"""The rules of the house that a tool can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "hashistack"
SOURCES = sorted(PACKAGE.rglob("*.py"))
WRITES = {
    "write_text", "write_bytes", "mkdir", "unlink", "rename", "replace", "rmdir", "touch", "symlink_to", "chmod",
    "makedirs", "remove", "rmtree", "copy", "copytree", "mkstemp", "mkdtemp",
}  # fmt: skip
MAY_WRITE = ("tree/write.py", "backends/", "render/environment.py")


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_the_import_contracts() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]
    done = subprocess.run(
        [*command, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_can_be_read_at_a_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", [path for path in SOURCES if not name(path).startswith("views/")], ids=name)
def test_only_views_print(path: Path) -> None:
    """Two others speak: `unchanged`, which repeats what a view said, and `main`, where no view can be reached."""
    called = {call.split(".")[-1] for call in calls(path)}
    assert not called & {"print", "echo", "secho"}
    streams = [call for call in calls(path) if call.endswith(("stdout.write", "stderr.write"))]
    allowed = {"unchanged.py", "cli/__init__.py", "descriptor/export/__main__.py"}
    assert not streams or name(path) in allowed, streams


@pytest.mark.parametrize("path", [path for path in SOURCES if not name(path).startswith(MAY_WRITE)], ids=name)
def test_only_one_module_writes_files(path: Path) -> None:
    """The backends keep their own state, and the template environment its cache; all else goes through tree.write."""
    tree = ast.parse(path.read_text())
    methods = {
        call.func.attr
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and not is_text(call)
    }
    assert not methods & WRITES
    assert not any(opens_to_write(call) for call in ast.walk(tree) if isinstance(call, ast.Call))


def test_nothing_is_patched() -> None:
    for path in (REPOSITORY / "tests").rglob("*.py"):
        imported = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not imported & {"mock", "patch", "MagicMock", "Mock", "unittest.mock"}, path


def calls(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def is_text(call: ast.Call) -> bool:
    """Say whether `x.replace(a, b)` or `x.remove(a)` is a method of text or a list: a Path's takes other arguments."""
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr in {"replace", "copy", "remove"}


def opens_to_write(call: ast.Call) -> bool:
    """Say whether a call of `open` has a mode other than reading."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    modes = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    modes += [keyword.value.value for keyword in call.keywords if isinstance(keyword.value, ast.Constant)]
    return called == "open" and any(isinstance(mode, str) and set(mode) & set("wax+") for mode in modes)
