"""Commands in a task of a real Nomad: what goes in, what comes out, how it ends."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hashistack.backends.endpoint import Endpoint
from hashistack.backends.exec import Exec, Limits, Task
from hashistack.diagnostics import BackendError
from tests.bed.agents import Agents
from tests.local import api, upkeep

WAITS = Limits(silence=60)


@pytest.fixture(scope="module")
def task(cluster: Agents) -> Iterator[Task]:
    with upkeep.running(cluster) as task:
        yield task


@pytest.fixture
def nomad(cluster: Agents) -> Endpoint:
    return Endpoint("Nomad", cluster.nomad_addr)


def run(
    nomad: Endpoint, task: Task, script: str, given: bytes | None = None, limits: Limits = WAITS
) -> tuple[int, bytes, bytes]:
    out, err = io.BytesIO(), io.BytesIO()
    stdin = None if given is None else io.BytesIO(given)
    code = Exec(nomad).run(
        task, ["/bin/sh", "-c", script], out=out.write, err=err.write, stdin=stdin, limits=limits
    )
    return code, out.getvalue(), err.getvalue()


def problem(caught: pytest.ExceptionInfo[BackendError]) -> str:
    found = caught.value.diagnostics[0]
    return f"{found.code} {found.summary}"


def test_both_streams_and_the_exit_code(nomad: Endpoint, task: Task) -> None:
    assert run(nomad, task, "echo said; echo wrong >&2; exit 7") == (7, b"said\n", b"wrong\n")
    assert run(nomad, task, "true") == (0, b"", b"")


def test_a_word_is_not_cut_into_several(nomad: Endpoint, task: Task) -> None:
    out = io.BytesIO()
    Exec(nomad).run(task, ["echo", "a b", '$HOME "c"', "d;e&f=g"], out=out.write, err=out.write)
    assert out.getvalue() == b'a b $HOME "c" d;e&f=g\n'


def test_all_bytes_of_a_large_stream_come_through_both_ways(nomad: Endpoint, task: Task) -> None:
    given = bytes(range(256)) * 40_000  # 10 MB
    code, out, _ = run(nomad, task, "cat", given)
    assert (code, hashlib.sha256(out).digest()) == (0, hashlib.sha256(given).digest())


def test_a_command_that_reads_ends_where_nothing_is_given(nomad: Endpoint, task: Task) -> None:
    assert run(nomad, task, "cat; echo end") == (0, b"end\n", b"")


def test_a_command_may_end_without_reading_what_it_is_given(nomad: Endpoint, task: Task) -> None:
    began = time.monotonic()
    code, out, _ = run(nomad, task, "echo enough; exit 3", b"x" * 5_000_000)
    assert (code, out) == (3, b"enough\n")
    assert time.monotonic() - began < 5


def test_nothing_of_a_long_output_is_lost_at_its_end(nomad: Endpoint, task: Task) -> None:
    """Nomad itself drops about a tenth of it."""
    for _ in range(3):
        assert run(nomad, task, "dd if=/dev/zero bs=65536 count=160 2>/dev/null")[1] == bytes(160 * 65536)


def test_no_shell_is_left_behind(nomad: Endpoint, task: Task) -> None:
    count = "ls /proc | grep -c '^[0-9]'"
    before = run(nomad, task, count)
    for _ in range(5):
        run(nomad, task, "echo said")
    api.until(lambda: run(nomad, task, count) == before)


def test_a_silent_command_is_waited_for(nomad: Endpoint, task: Task) -> None:
    assert run(nomad, task, "sleep 12; echo done", limits=Limits(silence=60)) == (0, b"done\n", b"")


@pytest.mark.parametrize("limits", [Limits(silence=1), Limits(silence=60, total=1)])
def test_a_command_that_hangs_is_given_up(nomad: Endpoint, task: Task, limits: Limits) -> None:
    began = time.monotonic()
    with pytest.raises(BackendError) as caught:
        run(nomad, task, "while :; do sleep 1; done", limits=limits)
    assert problem(caught).startswith("HS730")
    assert time.monotonic() - began < 5


def test_a_command_that_is_left_sees_the_end_of_its_input(nomad: Endpoint, task: Task) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            time.sleep(0.1)
            return b"x" * 1000

    script = "rm -f /tmp/cut; cat >/tmp/given; echo yes >/tmp/cut"
    sink = io.BytesIO()
    command = ["/bin/sh", "-c", script]
    with pytest.raises(BackendError, match="no answer in time"):
        Exec(nomad).run(
            task, command, out=sink.write, err=sink.write, stdin=Endless(), limits=Limits(total=2)
        )
    api.until(lambda: run(nomad, task, "cat /tmp/cut")[1] == b"yes\n")
    assert int(run(nomad, task, "wc -c </tmp/given")[1]) >= 1000


def test_text_is_what_a_command_wrote(nomad: Endpoint, task: Task) -> None:
    assert Exec(nomad).text(task, ["echo", "yes"], 30) == "yes\n"
    with pytest.raises(BackendError, match=r"ended with 4: no disk$"):
        Exec(nomad).text(task, ["/bin/sh", "-c", "echo no disk >&2; exit 4"], 30)


def test_a_program_that_is_not_there(nomad: Endpoint, task: Task) -> None:
    with pytest.raises(BackendError, match="nothing-of-that-name"):
        Exec(nomad).text(task, ["/bin/nothing-of-that-name"], 30)


@pytest.mark.parametrize("place", ["allocation", "name"])
def test_a_task_that_is_not_there(nomad: Endpoint, task: Task, place: str) -> None:
    other = {"allocation": "00000000-0000-0000-0000-000000000000", "name": "other"}[place]
    with pytest.raises(BackendError) as caught:
        run(nomad, replace(task, **{place: other}), "true")
    assert problem(caught).startswith("HS406 Nomad refused (running /bin/sh in ")


def test_nobody_is_there(task: Task) -> None:
    with pytest.raises(BackendError) as caught:
        run(Endpoint("Nomad", "http://127.0.0.1:1"), task, "true")
    assert problem(caught).startswith("HS401")


def test_tls_where_there_is_none(nomad: Endpoint, task: Task) -> None:
    with pytest.raises(BackendError) as caught:
        run(replace(nomad, url=nomad.url.replace("http", "https")), task, "true")
    assert problem(caught).startswith("HS403")


def test_a_proxy_of_the_environment_is_not_asked(
    nomad: Endpoint, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert run(nomad, task, "true")[0] == 0


def test_what_cannot_be_written_is_no_fault_of_nomads(nomad: Endpoint, task: Task) -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        Exec(nomad).run(task, ["echo", "yes"], out=full, err=full)
