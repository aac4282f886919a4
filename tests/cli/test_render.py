"""`render`, `diff` and `eject` as a user sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2.bccache import bc_magic

from hashistack.messages.usage import WAITING
from hashistack.tree.write import alone
from tests.cli.run import run

DESCRIPTOR = """\
app: shop
image: example.com/shop:1
processes:
  web: {command: ./web}
  nightly: {command: ./report, schedule: "0 3 * * *"}
environments:
  laptop: {target: local}
  factory: {target: local, domain: shop.lan}
"""
SHOP = "laptop/jobs/shop.nomad.hcl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hashistack.yaml").write_text(DESCRIPTOR)
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "hashistack.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def files(folder: Path) -> list[str]:
    stack = folder / "stack"
    return sorted(path.relative_to(stack).as_posix() for path in stack.rglob("*") if path.is_file())


def test_one_line_for_each_file_and_the_sum(folder: Path) -> None:
    result = run("render", cwd=folder)
    assert result.code == 0
    assert result.out.splitlines() == [
        "create  factory/jobs/shop-nightly.nomad.hcl",
        "create  factory/jobs/shop.nomad.hcl",
        "create  laptop/jobs/shop-nightly.nomad.hcl",
        "create  laptop/jobs/shop.nomad.hcl",
    ]
    assert result.err.splitlines() == ["stack: 4 created, 0 unchanged"]


def test_a_second_render_changes_nothing_and_says_so(folder: Path) -> None:
    run("render", cwd=folder)
    result = run("render", cwd=folder)
    assert result.out == ""
    assert result.err.endswith("stack: 4 files, nothing to change\n")


def test_quiet_prints_data_only(folder: Path) -> None:
    result = run("render", "-q", cwd=folder)
    assert result.err == ""
    assert len(result.out.splitlines()) == 4


def test_check_changes_nothing_shows_the_difference_and_ends_with_2(folder: Path) -> None:
    run("render", cwd=folder)
    assert run("render", "--check", cwd=folder).code == 0
    change(folder, "./web", "./server")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = run("render", "--check", cwd=folder)
    assert result.code == 2
    assert f"--- a/{SHOP}\n+++ b/{SHOP}\n" in result.out
    assert "./server" in result.out
    assert result.err.endswith("stack: 2 to update, 2 unchanged\n")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_check_does_not_mind_a_new_comment_in_the_descriptor(folder: Path) -> None:
    run("render", cwd=folder)
    change(folder, "app:", "# a comment\napp:")
    assert run("render", "--check", cwd=folder).code == 0


def test_an_edited_file_is_a_conflict_with_its_difference(folder: Path) -> None:
    run("render", cwd=folder)
    path = folder / "stack" / SHOP
    path.write_text(path.read_text() + "# mine\n")
    for arguments in (["render"], ["render", "--check"]):
        result = run(*arguments, cwd=folder)
        assert result.code == 3
        assert "\n-# mine\n" in result.out
        assert f"error[HS305]: {SHOP} was edited" in result.err
    assert path.read_text().endswith("# mine\n")


def test_force_overwrites_and_keeps_the_original(folder: Path) -> None:
    run("render", cwd=folder)
    path = folder / "stack" / SHOP
    rendered = path.read_text()
    path.write_text("mine")
    assert run("render", "--force", cwd=folder).out == f"update  {SHOP}\n"
    assert path.read_text() == rendered
    assert (folder / "stack" / f"{SHOP}.orig").read_text() == "mine"


def test_one_environment_leaves_the_others_alone(folder: Path) -> None:
    run("render", cwd=folder)
    change(folder, "./web", "./server")
    result = run("render", "-e", "laptop", cwd=folder)
    assert result.out == f"update  {SHOP}\n"
    assert len(files(folder)) == 5
    assert run("render", cwd=folder).out == "update  factory/jobs/shop.nomad.hcl\n"


def test_what_no_longer_belongs_is_removed_unless_edited(folder: Path) -> None:
    run("render", cwd=folder)
    (folder / "stack/laptop/jobs/shop-nightly.nomad.hcl").write_text("mine")
    change(folder, '  nightly: {command: ./report, schedule: "0 3 * * *"}\n', "")
    result = run("render", cwd=folder)
    assert result.out == "delete  factory/jobs/shop-nightly.nomad.hcl\n"
    assert "warning[HS308]: laptop/jobs/shop-nightly.nomad.hcl" in result.err
    assert "laptop/jobs/shop-nightly.nomad.hcl" in files(folder)
    assert "HS308" not in run("render", cwd=folder).err


def test_output_stands_beside_the_descriptor_or_where_one_says(folder: Path) -> None:
    (folder / "a").mkdir()
    run("render", "-f", "../hashistack.yaml", cwd=folder / "a")
    assert (folder / "stack").is_dir()
    run("render", "-f", "../hashistack.yaml", "-o", "out", cwd=folder / "a")
    assert (folder / "a" / "out" / SHOP).is_file()


def test_diff_shows_and_ends_with_0(folder: Path) -> None:
    result = run("diff", "-e", "laptop", cwd=folder)
    assert result.code == 0
    assert f"--- /dev/null\n+++ b/{SHOP}\n" in result.out
    assert not (folder / "stack").exists()


def test_as_json(folder: Path) -> None:
    result = run("render", "--json", cwd=folder)
    document = json.loads(result.out)
    assert result.err == ""
    assert document["output"] == "stack"
    assert {"path": SHOP, "action": "create", "template": "app.nomad.hcl.j2"} in document["files"]
    assert document["diagnostics"] == []
    (folder / "stack" / SHOP).write_text("mine")
    result = run("render", "--json", cwd=folder)
    document = json.loads(result.out)
    assert (result.code, document["exit_code"]) == (3, 3)
    assert "-mine" in next(file["diff"] for file in document["files"] if file["action"] == "conflict")
    assert document["diagnostics"][-1]["code"] == "HS305"


@pytest.mark.parametrize("given", [f"stack/{SHOP}", SHOP, f"./stack/../stack/{SHOP}"])
def test_eject(folder: Path, given: str) -> None:
    run("render", cwd=folder)
    path = folder / "stack" / SHOP
    rendered = path.read_text()
    result = run("eject", given, cwd=folder)
    assert (result.code, result.out) == (0, f"stack/{SHOP} is yours now: render leaves it alone\n")
    assert rendered.endswith(path.read_text())
    assert "Code generated" not in path.read_text()
    path.write_text("mine")
    assert run("render", cwd=folder).code == 0
    assert path.read_text() == "mine"
    assert "HS312" in run("eject", given, cwd=folder).err


def test_eject_of_what_was_never_rendered(folder: Path) -> None:
    run("render", cwd=folder)
    (folder / "stack" / "mine").touch()
    assert "HS311" in run("eject", "stack/mine", cwd=folder).err
    assert "HS311" in run("eject", "../../etc/passwd", cwd=folder).err


def test_check_does_not_pass_while_the_lock_has_to_be_written(folder: Path) -> None:
    run("render", cwd=folder)
    (folder / "stack/hashistack.lock").unlink()
    result = run("render", "--check", cwd=folder)
    assert result.code == 2
    assert result.err.endswith("stack: hashistack.lock to update, 4 unchanged\n")
    assert json.loads(run("render", "--check", "--json", cwd=folder).out)["lock"] == "update"
    assert run("render", cwd=folder).err.endswith("stack: hashistack.lock updated, 4 unchanged\n")
    assert run("render", "--check", cwd=folder).code == 0


def test_files_are_the_same_whether_the_descriptor_came_through_a_pipe(folder: Path) -> None:
    run("render", "-f", "-", cwd=folder, stdin=DESCRIPTOR.encode())
    assert run("render", "--check", cwd=folder).code == 0


@pytest.mark.parametrize("name", [b'a\njob "evil" {}\n.yaml', b"a\xff.yaml", b"a\x1b[2J.yaml"])
def test_a_descriptor_whose_name_would_leave_the_header_is_refused(folder: Path, name: bytes) -> None:
    (folder / "hashistack.yaml").rename(folder / os.fsdecode(name))
    result = run("render", "-f", os.fsdecode(name), cwd=folder)
    assert (result.code, "HS508" in result.err) == (64, True)
    assert not (folder / "stack").exists()


def test_a_file_where_a_folder_must_be_is_shown(folder: Path) -> None:
    (folder / "stack").mkdir()
    (folder / "stack/laptop").touch()
    for option in ("--check", "--quiet"):
        result = run("render", option, cwd=folder)
        assert (result.code, "laptop is no folder\n" in result.out) == (3, True)
    assert files(folder) == ["laptop"]


def test_eject_makes_no_folder(folder: Path) -> None:
    assert "HS311" in run("eject", SHOP, cwd=folder).err
    assert not (folder / "stack").exists()


def test_eject_explains_a_link_that_leads_nowhere(folder: Path) -> None:
    (folder / "stack").symlink_to("stack")
    assert "HS315" in run("eject", SHOP, cwd=folder).err


@pytest.mark.parametrize("arguments", [["render"], ["eject", SHOP]])
def test_two_that_write_at_once_come_one_after_the_other(folder: Path, arguments: list[str]) -> None:
    run("render", cwd=folder)
    change(folder, "./web", "./server")
    with alone(folder / "stack", lambda: None):
        before = (folder / "stack/hashistack.lock").read_bytes()
        second = subprocess.Popen(
            [sys.executable, "-m", "hashistack", *arguments], cwd=folder, stderr=subprocess.PIPE, text=True
        )
        assert second.stderr is not None
        assert second.stderr.readline() == f"{WAITING}\n"
        assert (folder / "stack/hashistack.lock").read_bytes() == before
    second.communicate(timeout=30)
    assert second.returncode == 0
    assert (folder / "stack/hashistack.lock").read_bytes() != before


class TestCompiledTemplates:
    """They are kept in the user's cache, and only to be faster."""

    def test_a_full_disk_fails_nothing(self, folder: Path) -> None:
        assert diff(folder, most=0) == 0

    def test_half_a_file_fails_nothing(self, folder: Path) -> None:
        assert diff(folder) == 0
        compiled = list(folder.glob("cache/hashistack/jinja-*/*"))
        assert compiled
        for path in compiled:
            os.truncate(path, len(bc_magic))
        assert diff(folder) == 0


def diff(folder: Path, most: int | None = None) -> int:
    """Run `diff`, which writes nothing but the cache, in a process that may write `most` bytes to a file."""
    script = "import resource, sys; from hashistack.__main__ import main; "
    if most is not None:
        script += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most})); "
    script += "sys.argv[1:] = ['diff']; sys.exit(main())"
    env = {"XDG_CACHE_HOME": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=env, capture_output=True, check=False
    ).returncode
