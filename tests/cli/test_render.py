"""`render`, `diff` and `eject` as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.run import run

DESCRIPTOR = """\
app: shop
image: example.com/shop:1
processes:
  web: {command: ./web}
  nightly: {command: ./report, schedule: "0 3 * * *"}
environments:
  laptop: {target: local}
  factory:
    target: onprem
    domain: shop.lan
    hosts: {n1: {address: 10.0.0.1, roles: [server, client, ingress]}}
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
    assert result.err.splitlines() == [
        "warning[HS601]: environments.factory: no Terraform is written yet for target onprem, only jobs",
        "stack: 4 created, 0 unchanged",
    ]


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
    assert document["diagnostics"][0]["code"] == "HS601"
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
