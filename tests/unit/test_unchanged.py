"""The fast path answers exactly when nothing changed, in the words of the whole program."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hashistack import unchanged
from tests.cli.run import run

DESCRIPTOR = """\
app: shop
image: example.com/shop:1
processes: {web: {command: ./web}}
environments:
  a: {target: local}
  b: {target: aws, region: eu-west-1, domain: shop.example.com}
"""
REPOSITORY = Path(__file__).parents[2]
PLAIN = ("render",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "hashistack.yaml").write_text(DESCRIPTOR)
    assert run(*PLAIN, cwd=folder, env=environ(folder)).code == 0
    return folder


def environ(folder: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(folder.parent / "cache")}


def answer(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str | None:
    """Return what the fast path prints, None if it leaves the answer to the whole program."""
    stderr = io.StringIO()
    answered = unchanged.answer(arguments or PLAIN, str(folder), env or environ(folder), stderr)
    assert answered or stderr.getvalue() == ""
    return stderr.getvalue() if answered else None


@pytest.mark.parametrize("arguments", [("render",), ("render", "--check")])
def test_it_says_what_the_whole_program_says(folder: Path, arguments: tuple[str, ...]) -> None:
    whole = run(*arguments, cwd=folder, env=environ(folder))
    assert (whole.code, whole.out) == (0, "")
    assert "HS606" in whole.err
    assert answer(folder, *arguments) == whole.err


@pytest.mark.parametrize(
    "arguments",
    [["render", "-q"], ["render", "--force"], ["render", "-e", "a"], ["render", "-o", "x"], ["diff"], []],
)
def test_any_other_command_line_is_left_to_the_whole_program(folder: Path, arguments: list[str]) -> None:
    stderr = io.StringIO()
    assert not unchanged.answer(arguments, str(folder), environ(folder), stderr)


@pytest.mark.parametrize(
    "path",
    [
        "hashistack.yaml",
        "stack/a/jobs/shop.nomad.hcl",
        "stack/b/jobs/shop.nomad.hcl",
        "stack/hashistack.lock",
    ],
)
def test_one_byte_more_and_it_is_in_doubt_whatever_the_time_stamp(folder: Path, path: str) -> None:
    target = folder / path
    before = target.stat()
    assert answer(folder) is not None
    target.write_bytes(target.read_bytes() + b"\n")
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert answer(folder) is None


def test_time_stamps_alone_do_not_matter(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
    assert answer(folder) is not None


def test_a_missing_file_is_a_doubt(folder: Path) -> None:
    (folder / "stack/a/jobs/shop.nomad.hcl").unlink()
    assert answer(folder) is None


def test_a_linked_file_is_a_doubt_even_if_it_has_the_same_bytes(folder: Path) -> None:
    path = folder / "stack/a/jobs/shop.nomad.hcl"
    path.rename(folder / "elsewhere")
    path.symlink_to(folder / "elsewhere")
    assert answer(folder) is None


def test_a_nearer_descriptor_is_a_doubt(folder: Path) -> None:
    shutil.copy(folder / "hashistack.yaml", folder / "other.yaml")
    assert answer(folder, env={**environ(folder), "HASHISTACK_FILE": "other.yaml"}) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": 1, "files": 2}', "\x00"])
def test_a_damaged_record_is_a_doubt(folder: Path, text: str) -> None:
    record(folder).write_text(text)
    assert answer(folder) is None


def test_a_record_that_others_can_write_is_a_doubt(folder: Path) -> None:
    record(folder).chmod(0o666)
    assert answer(folder) is None


def test_the_record_is_private(folder: Path) -> None:
    assert record(folder).parent.stat().st_mode & 0o777 == 0o700


def test_a_forged_lock_proves_nothing(folder: Path) -> None:
    """Somebody who edits an output and its hash in the lock must be seen by `render --check`."""
    path = folder / "stack/a/jobs/shop.nomad.hcl"
    before, after = path.read_bytes(), path.read_bytes().replace(b"./web", b"./evil")
    path.write_bytes(after)
    lock = folder / "stack/hashistack.lock"
    lock.write_text(lock.read_text().replace(sha256(before), sha256(after)))
    assert answer(folder, "render", "--check") is None
    assert run("render", "--check", cwd=folder, env=environ(folder)).code == 2


def test_a_render_with_a_conflict_or_pending_changes_leaves_no_record(folder: Path) -> None:
    record(folder).unlink()
    (folder / "stack/a/jobs/shop.nomad.hcl").write_text("mine")
    assert run("render", cwd=folder, env=environ(folder)).code == 3
    assert not record(folder).exists()


def test_a_render_of_one_environment_proves_nothing_about_the_others(folder: Path) -> None:
    descriptor = folder / "hashistack.yaml"
    descriptor.write_text(DESCRIPTOR.replace("./web", "./server"))
    assert run("render", "-e", "a", cwd=folder, env=environ(folder)).code == 0
    assert answer(folder) is None


def test_without_a_cache_folder_it_does_without(folder: Path) -> None:
    assert answer(folder, env={"HOME": ""}) is None
    assert run(*PLAIN, cwd=folder, env={"XDG_CACHE_HOME": "/proc/nowhere"}).code == 0


@pytest.mark.parametrize(
    "path", ["templates/app.nomad.hcl.j2", "jobs/valkey/job.nomad.hcl.j2", "hashistack/compile/app.py"]
)
def test_a_change_of_hashistack_itself_is_a_doubt(tmp_path: Path, path: str) -> None:
    """In a copy of the program, run as the program."""
    program, folder = tmp_path / "program", tmp_path / "app"
    for name in ("hashistack", "templates", "jobs", "terraform"):
        shutil.copytree(REPOSITORY / name, program / name, ignore=shutil.ignore_patterns("__pycache__"))
    folder.mkdir()
    (folder / "hashistack.yaml").write_text(DESCRIPTOR)
    env = {**os.environ, **environ(folder), "PYTHONPATH": str(program)}
    assert loads_click(render(folder, env))
    assert not loads_click(render(folder, env))
    changed = program / path
    changed.write_bytes(changed.read_bytes() + b"\n")
    assert loads_click(render(folder, env))
    assert not loads_click(render(folder, env))


def render(folder: Path, env: dict[str, str]) -> str:
    command = [sys.executable, "-X", "importtime", "-m", "hashistack", "render"]
    return subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True).stderr


def loads_click(imports: str) -> bool:
    return re.search(r"\| +click$", imports, re.MULTILINE) is not None


def record(folder: Path) -> Path:
    place = unchanged.place(str(folder), environ(folder))
    assert place is not None
    return Path(place)


def sha256(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()


def test_what_only_the_lock_has_to_forget_is_still_to_do(folder: Path) -> None:
    """A check that passed must not make `render` forget to write the lock."""
    (folder / "stack/b/jobs/shop.nomad.hcl").write_text("mine")
    descriptor = folder / "hashistack.yaml"
    descriptor.write_text(DESCRIPTOR[: DESCRIPTOR.index("  b:")])
    assert run("render", "--check", cwd=folder, env=environ(folder)).code == 2
    assert answer(folder) is None
    result = run("render", cwd=folder, env=environ(folder))
    assert "HS308" in result.err
    assert '"b/' not in (folder / "stack/hashistack.lock").read_text()
    assert answer(folder, "render", "--check") is not None


def test_a_second_descriptor_is_a_doubt(folder: Path) -> None:
    shutil.copy(folder / "hashistack.yaml", folder / "hashistack.yml")
    assert answer(folder) is None
    whole = run("render", cwd=folder, env=environ(folder))
    assert "HS509" in whole.err
    assert answer(folder) == whole.err


def test_a_folder_whose_name_is_no_utf8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"app\xff")
    folder.mkdir()
    (folder / "hashistack.yaml").write_text(DESCRIPTOR)
    assert run("render", cwd=folder, env=environ(folder)).code == 0
    assert answer(folder) is not None


def test_a_record_that_cannot_be_made_fails_no_render(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> bytes:
        raise PermissionError("no")

    monkeypatch.setattr("hashistack.unchanged.record", refused)
    assert run("render", cwd=folder, env=environ(folder)).code == 0
