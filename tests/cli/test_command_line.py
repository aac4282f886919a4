"""What every command has in common: exit codes, streams, colours, what ends a command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hashistack.messages.usage import NO_CURRENT_FOLDER
from tests.cli.run import run

PROGRAM = f"{sys.executable} -m hashistack"
GOOD = "app: shop\nimage: example.com/shop:1\nprocesses: {web: {command: ./web}}\n"
BAD = "app: shop\nimage: example.com/shop:1\nprocesses: {web: {command: ./web, port: http, cpuu: 3}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hashistack.yaml").write_text(GOOD)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["version"], 0),
        (["validate"], 0),
        (["render", "--check"], 2),
        ([], 64),
        (["rendr"], 64),
        (["render", "--no-such-option"], 64),
        (["render", "-e", "nowhere"], 64),
        (["validate", "-f", "missing.yaml"], 64),
        (["docs", "proceses"], 64),
        (["eject", "stack/local/jobs/shop.nomad.hcl"], 64),
    ],
)
def test_exit_codes(folder: Path, arguments: list[str], code: int) -> None:
    assert run(*arguments, cwd=folder).code == code


def test_all_mistakes_are_shown_on_stderr_and_the_code_is_65(tmp_path: Path) -> None:
    (tmp_path / "hashistack.yaml").write_text(BAD)
    result = run("render", cwd=tmp_path)
    assert (result.code, result.out) == (65, "")
    assert "hashistack.yaml:3:41: error[HS104]: processes.web.port: " in result.err
    assert "\n      |                                         ^^^^\n" in result.err
    assert result.err.endswith("\n2 errors\n")
    assert not (tmp_path / "stack").exists()


def test_mistakes_as_json_are_one_document(tmp_path: Path) -> None:
    (tmp_path / "hashistack.yaml").write_text(BAD)
    result = run("validate", "--json", cwd=tmp_path)
    document = json.loads(result.out)
    assert (result.code, result.err) == (65, "")
    assert (document["format"], document["exit_code"]) == (1, 65)
    first = document["diagnostics"][0]
    assert (first["code"], first["file"], first["line"], first["col"]) == ("HS104", "hashistack.yaml", 3, 41)


def test_a_typo_gets_a_suggestion(tmp_path: Path) -> None:
    assert "Did you mean 'render'?" in run("rendr", cwd=tmp_path).err
    assert "'--check'" in run("render", "--chek", cwd=tmp_path).err


@pytest.mark.parametrize(
    ("tty", "env", "options", "coloured"),
    [
        (True, {}, [], True),
        (False, {}, [], False),
        (True, {"NO_COLOR": "1"}, [], False),
        (True, {"NO_COLOR": ""}, [], True),
        (True, {"TERM": "dumb"}, [], False),
        (True, {}, ["--no-color"], False),
        (False, {"FORCE_COLOR": "1"}, [], True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        (False, {"FORCE_COLOR": "1"}, ["--no-color"], False),
    ],
)
def test_colours(folder: Path, tty: bool, env: dict[str, str], options: list[str], coloured: bool) -> None:
    result = run("diff", *options, cwd=folder, env=env, tty=tty)
    assert ("\x1b[" in result.out) is coloured
    broken = run("validate", "-f", "missing", *options, cwd=folder, env=env, tty=tty)
    assert ("\x1b[" in broken.err) is coloured


def test_json_is_never_coloured(folder: Path) -> None:
    assert "\x1b[" not in run("diff", "--json", cwd=folder, tty=True).out


def test_a_bug_is_short_and_its_traceback_lies_in_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("hashistack.pipeline.read", broken)
    result = run("validate", cwd=folder)
    assert result.code == 70
    assert "error[HS599]: a bug of hashistack: ZeroDivisionError: by nought" in result.err
    assert "Traceback" not in result.err
    path = Path(result.err.split("the traceback is in ")[1].split(";")[0])
    assert "ZeroDivisionError" in path.read_text()
    path.unlink()
    assert "Traceback" in run("validate", "-v", cwd=folder).err


def test_a_bug_is_told_even_if_no_file_can_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("hashistack.pipeline.read", broken)
    monkeypatch.setattr("tempfile.tempdir", str(folder / "nowhere"))
    result = run("validate", cwd=folder)
    assert (result.code, "Traceback" in result.err, "HS599" in result.err) == (70, True, True)


def test_control_c(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hashistack.pipeline.read", interrupted)
    result = run("validate", cwd=folder)
    assert (result.code, result.err) == (130, "interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_end_of_a_job_or_a_terminal_is_an_interrupt(number: signal.Signals) -> None:
    script = (
        "import hashistack.cli, sys, time; from hashistack.__main__ import main; "
        "hashistack.cli.main = lambda _: print('works', flush=True) or time.sleep(60); sys.exit(main())"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"works\n"
        process.send_signal(number)
        assert process.wait(timeout=10) == 130


@pytest.mark.parametrize("command", ["schema", "version"])
def test_a_reader_that_goes_away_is_no_error_message(folder: Path, command: str) -> None:
    """A long output breaks the pipe while it is written, a short one when it is flushed."""
    line = [sys.executable, "-m", "hashistack", command]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize("arguments", ["graph", "render", "--help", "version --json"])
def test_a_full_disk_is_no_bug(folder: Path, arguments: str) -> None:
    done = shell(folder, f"{PROGRAM} {arguments} > /dev/full")
    assert done.returncode == 1
    assert "cannot print: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("command", "code"), [("validate", 0), ("render", 0), ("rendr", 64)])
def test_closed_streams(folder: Path, closed: str, command: str, code: int) -> None:
    done = shell(folder, f"{PROGRAM} {command} {closed}")
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)


def test_a_removed_current_folder(folder: Path) -> None:
    (folder / "gone").mkdir()
    done = shell(folder / "gone", f"rmdir ../gone; {PROGRAM} render")
    assert (done.returncode, done.stderr) == (1, f"{NO_CURRENT_FOLDER}\n")


@pytest.mark.parametrize("arguments", [["rendr", "--json"], ["render", "--json", "--chek"]])
def test_wrong_usage_as_json_is_one_document(folder: Path, arguments: list[str]) -> None:
    result = run(*arguments, cwd=folder)
    document = json.loads(result.out)
    assert (result.code, result.err) == (64, "")
    assert (document["exit_code"], document["diagnostics"][0]["code"]) == (64, "HS510")


def test_a_bug_as_json_is_one_document(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("hashistack.pipeline.read", broken)
    result = run("validate", "--json", cwd=folder)
    (diagnostic,) = json.loads(result.out)["diagnostics"]
    Path(diagnostic["hint"].split("the traceback is in ")[1].split(";")[0]).unlink()
    assert (result.code, result.err, diagnostic["code"]) == (70, "", "HS599")


def test_no_more_is_read_than_a_descriptor_may_have(tmp_path: Path) -> None:
    result = run("validate", "-f", "/dev/zero", cwd=tmp_path)
    assert (result.code, "HS120" in result.err) == (65, True)


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_output_survives_a_terminal_that_knows_only_ascii(tmp_path: Path) -> None:
    (tmp_path / "日本.yaml").write_text(GOOD)
    done = subprocess.run(
        [sys.executable, "-m", "hashistack", "validate", "-f", "日本.yaml"],
        cwd=tmp_path,
        env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(rb"\u65e5\u672c.yaml is valid")


class TestDiscovery:
    def test_upwards_to_the_git_root(self, folder: Path) -> None:
        (folder / ".git").mkdir()
        inner = folder / "a" / "b"
        inner.mkdir(parents=True)
        assert run("validate", cwd=inner).out.startswith("../../hashistack.yaml is valid")

    def test_not_above_the_git_root(self, folder: Path) -> None:
        inner = folder / "a"
        (inner / ".git").mkdir(parents=True)
        assert run("validate", cwd=inner).code == 64

    def test_outside_git_only_here(self, folder: Path) -> None:
        (folder / "a").mkdir()
        result = run("validate", cwd=folder / "a")
        assert (result.code, "HS501" in result.err) == (64, True)
        assert f"no hashistack.yaml in {folder}/a\n" in result.err

    def test_where_it_was_looked_for(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / "a").mkdir()
        error = run("validate", cwd=tmp_path / "a").err
        assert f"no hashistack.yaml in {tmp_path}/a or above, up to {tmp_path}\n" in error

    def test_yml_if_there_is_no_yaml(self, folder: Path) -> None:
        (folder / "hashistack.yaml").rename(folder / "hashistack.yml")
        assert run("validate", cwd=folder).out.startswith("hashistack.yml is valid")
        (folder / "hashistack.yaml").write_text(GOOD)
        both = run("validate", cwd=folder)
        assert both.out.startswith("hashistack.yaml is valid")
        assert "HS509" in both.err
        assert run("validate", "-f", "hashistack.yaml", cwd=folder).err == ""
        assert run("validate", cwd=folder, env={"HASHISTACK_FILE": "hashistack.yaml"}).err == ""

    def test_the_variable(self, folder: Path) -> None:
        (folder / "other.yaml").write_text(BAD)
        assert "other.yaml:3" in run("validate", cwd=folder, env={"HASHISTACK_FILE": "other.yaml"}).err
        result = run("validate", "-f", "hashistack.yaml", cwd=folder, env={"HASHISTACK_FILE": "other.yaml"})
        assert result.code == 0

    def test_standard_input(self, tmp_path: Path) -> None:
        result = run("validate", "-f", "-", cwd=tmp_path, stdin=BAD.encode())
        assert (result.code, "<stdin>:3:41: " in result.err) == (65, True)
        result = run("validate", cwd=tmp_path, stdin=GOOD.encode(), env={"HASHISTACK_FILE": "-"})
        assert result.out == "<stdin> is valid: shop in local\n"
