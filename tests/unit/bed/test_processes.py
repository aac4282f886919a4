import os
import signal
import sys
from pathlib import Path

import pytest

from tests.bed import processes
from tests.bed.missing import BedError


def sleeper(folder: Path, program: str = "import time; time.sleep(60)") -> int:
    return processes.start([sys.executable, "-c", program, str(folder)], folder / "log")


def test_a_failed_command_says_its_last_words() -> None:
    with pytest.raises(BedError, match=r"ended with 3:\nno such thing"):
        processes.run(["sh", "-c", "echo no such thing >&2; exit 3"])


def test_a_missing_program_is_a_failed_command() -> None:
    with pytest.raises(BedError, match="hashistack-no-such-program"):
        processes.run(["hashistack-no-such-program"])


def test_a_process_is_stopped_by_sigterm(tmp_path: Path) -> None:
    pid = sleeper(tmp_path)
    assert processes.is_running(pid, str(tmp_path))
    processes.stop(pid, str(tmp_path))
    assert not Path(f"/proc/{pid}").exists()


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    deaf = f"{ignore}; print('deaf', flush=True); time.sleep(60)"
    pid = sleeper(tmp_path, deaf)
    processes.wait_for(lambda: "deaf" in (tmp_path / "log").read_text(), seconds=10)
    processes.stop(pid, str(tmp_path), patience=0.3)
    assert not Path(f"/proc/{pid}").exists()


def test_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    pid = sleeper(tmp_path)
    processes.stop(pid, "/somebody/else")
    assert processes.is_running(pid, str(tmp_path))
    processes.stop(pid, str(tmp_path))


def test_with_sign_finds_by_path(tmp_path: Path) -> None:
    pid = sleeper(tmp_path)
    assert processes.with_sign(str(tmp_path)) == [pid]
    processes.stop(pid, str(tmp_path))


def test_children_are_killed_with_their_parent(tmp_path: Path) -> None:
    parent = processes.start(["sh", "-c", "sleep 61 & echo $!; wait", str(tmp_path)], tmp_path / "log")
    processes.wait_for(lambda: (tmp_path / "log").read_text().endswith("\n"), seconds=10)
    child = int((tmp_path / "log").read_text())
    processes.kill_with_children(parent)
    processes.wait_for(lambda: not processes.is_running(parent, str(tmp_path)), seconds=10)
    processes.wait_for(lambda: not processes.is_running(child, "sleep"), seconds=10)


def test_what_has_a_file_open_is_found_by_its_folder(tmp_path: Path) -> None:
    folder, other = tmp_path / "bed", tmp_path / "bed-2"
    for each in (folder, other):
        each.mkdir()
    mine, another = (processes.start(["sleep", "61"], each / "log") for each in (folder, other))
    with (folder / "lock").open("w"):  # our own are left alone
        assert processes.using(folder) == [mine]
        processes.kill_users(folder)
    processes.wait_for(lambda: not processes.is_running(mine, "sleep"), seconds=10)
    assert processes.using(other) == [another]
    processes.kill_users(other)


def test_waiting_has_an_end() -> None:
    with pytest.raises(TimeoutError):
        processes.wait_for(lambda: False, seconds=0.05, every=0.01)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_mounts_below_a_folder_are_found_and_taken_away(tmp_path: Path) -> None:
    outer, beside = tmp_path / "in" / "a b", tmp_path / "in2"
    for folder in (outer, beside):
        folder.mkdir(parents=True)
        processes.run(["mount", "-t", "tmpfs", "none", str(folder)])
    try:
        assert processes.mounts_below(tmp_path / "in") == [str(outer)]
        processes.unmount_below(tmp_path / "in")
        assert processes.mounts_below(tmp_path) == [str(beside)]
    finally:
        processes.unmount_below(tmp_path)


def test_a_child_does_not_die_of_our_ctrl_c(tmp_path: Path) -> None:
    pid = sleeper(tmp_path)
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGKILL)
