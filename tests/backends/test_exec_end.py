"""The end of a command's output: nothing of the mark is handed on, and nothing of the output is lost."""

from __future__ import annotations

import io
import re
import subprocess

import pytest

from hashistack.backends.exec_end import ALONE, FED, GO, TALKING, Marked


def ended(given: bytes, size: int) -> tuple[bytes, int | None]:
    """Bring a stream in pieces of `size` bytes, its mark after it, and something after that."""
    out, err = io.BytesIO(), io.BytesIO()
    marked = Marked(["true"], {"stdout": out.write, "stderr": err.write}, ALONE)
    mark = _mark(marked)
    whole = mark + given + mark + b"007" + b"of another process"
    for start in range(0, len(whole), size):
        marked.take("stdout", whole[start : start + size])
    assert marked.code is None, "the other stream is still open"
    marked.take("stderr", mark + b"007")
    return out.getvalue(), marked.code


def _mark(marked: Marked) -> bytes:
    found = re.search(r"printf ([0-9a-f]{16});", marked.command[2])
    assert found
    return found[1].encode()


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 19, 1024])
@pytest.mark.parametrize("given", [b"", b"x", b"a line\n", bytes(range(256)) * 3])
def test_a_mark_may_come_in_pieces(given: bytes, size: int) -> None:
    assert ended(given, size) == (given, 7)


def test_what_was_held_back_comes_where_no_mark_does() -> None:
    out = io.BytesIO()
    marked = Marked(["true"], {"stdout": out.write}, ALONE)
    marked.take("stdout", b"exec format error")
    assert (out.getvalue(), marked.begun) == (b"", False)
    marked.flush()
    assert (out.getvalue(), marked.code) == (b"exec format error", None)


def test_who_talks_to_a_command_hears_all_of_it_at_once() -> None:
    """Also what might be the beginning of a mark: there is none."""
    out, err = io.BytesIO(), io.BytesIO()
    marked = Marked(["true"], {"stdout": out.write, "stderr": err.write}, TALKING)
    mark = _mark(marked)
    marked.take("stdout", mark + b"one" + mark[:7])
    assert out.getvalue() == b"one" + mark[:7]
    marked.take("stdout", mark + b"007")
    running = marked.code
    assert running is None
    marked.take("stderr", b"no" + mark + b"007")
    assert (out.getvalue(), err.getvalue()) == (b"one" + mark[:7] + mark + b"007", b"no")
    ended = marked.code
    assert ended == 7


def test_a_command_that_is_talked_to_ends_as_any_other() -> None:
    marked = Marked(
        ["sh", "-c", "read -r said; echo $said; exit 9"], {"stdout": print, "stderr": print}, TALKING
    )
    script = marked.command[2].replace("sleep 20", ":")
    command = (*marked.command[:2], script, *marked.command[3:])
    done = subprocess.run(command, input=GO + b"hello\n", capture_output=True, check=True)
    assert done.stdout == _mark(marked) + b"hello\n"
    assert done.stderr == _mark(marked) + b"009"


def test_a_command_that_is_killed_has_said_what_it_said() -> None:
    out = io.BytesIO()
    marked = Marked(["true"], {"stdout": out.write}, ALONE)
    marked.take("stdout", _mark(marked) + b"half of it")
    assert marked.begun
    marked.flush()
    assert (out.getvalue(), marked.code) == (b"half of it", None)


def test_every_command_has_a_mark_of_its_own() -> None:
    assert _mark(Marked(["true"], {}, ALONE)) != _mark(Marked(["true"], {}, FED))


def test_a_shell_does_what_is_meant() -> None:
    out, err = io.BytesIO(), io.BytesIO()
    marked = Marked(
        ["sh", "-c", 'cat; echo "$1"; echo no >&2; exit 9', "sh", "a  b"],
        {"stdout": out.write, "stderr": err.write},
        ALONE,
    )
    given = GO + b"for the shell, not for the command"
    done = subprocess.run(marked.command, input=given, capture_output=True, check=True)
    marked.take("stdout", done.stdout)
    marked.take("stderr", done.stderr)
    assert (marked.code, out.getvalue(), err.getvalue()) == (9, b"a  b\n", b"no\n")


def test_nothing_runs_before_it_is_told_to() -> None:
    marked = Marked(["sh", "-c", "echo ran"], {"stdout": print, "stderr": print}, FED)
    done = subprocess.run(marked.command, input=b"", capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (125, _mark(marked))


def test_what_is_given_reaches_the_command_whole() -> None:
    out = io.BytesIO()
    marked = Marked(["cat"], {"stdout": out.write, "stderr": out.write}, FED)
    script = marked.command[2].replace("sleep 20", ":")
    command = (*marked.command[:2], script, *marked.command[3:])
    given = b"first line\n\\n\0rest"
    done = subprocess.run(command, input=GO + given, capture_output=True, check=True)
    marked.take("stdout", done.stdout)
    assert out.getvalue() == given
