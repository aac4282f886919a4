"""The way to a host, against a real SSH server on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hashistack.backends.hosts import Remote, Result, bastion_keys, gather, locked, recorded_keys, remotes
from hashistack.diagnostics import BackendError, ConflictError
from hashistack.model import Bastion, Host, Ssh
from tests.bed import sshd
from tests.conftest import needed


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sshd.Sshd]:
    with needed(), sshd.running(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def remote(server: sshd.Sshd, tmp_path: Path) -> Remote:
    known = tmp_path / "a folder" / "known_hosts"  # a blank must not end its name
    known.parent.mkdir()
    known.write_text(server.known_hosts())
    host = Host("n1", sshd.HOST, ("client",), None, "default", None, ())
    return Remote(host, Ssh(server.user, server.port, str(server.key), None), known)


@contextmanager
def booting(behind: int, refusals: int) -> Iterator[int]:
    """Yield a port that closes the first connections and hands the next one on."""
    with socket.create_server((sshd.HOST, 0)) as door:

        def serve() -> None:
            for _ in range(refusals):
                door.accept()[0].close()
            outside, inside = door.accept()[0], socket.create_connection((sshd.HOST, behind))
            back = threading.Thread(target=carry, args=(inside, outside))
            back.start()
            carry(outside, inside)
            back.join()
            outside.close()
            inside.close()

        doorman = threading.Thread(target=serve)
        doorman.start()
        yield int(door.getsockname()[1])
        doorman.join()


def carry(source: socket.socket, target: socket.socket) -> None:
    while data := source.recv(1 << 16):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def test_a_command_runs_and_reads_its_input(remote: Remote) -> None:
    result = remote.run("cat; echo oops >&2; exit 3", "quoted ' \" $HOME\n")
    assert (result.code, result.out, result.err) == (3, "quoted ' \" $HOME\n", "oops\n")
    assert result.reach == "reached"
    assert result.last_words == "oops"


def test_facts_name_the_user_and_every_host_key(remote: Remote, server: sshd.Sshd) -> None:
    facts = gather([remote])[0]
    assert (facts.reach, facts.user, facts.cluster) == ("reached", server.user, "")
    assert all(" " in key for key in facts.host_keys)


def test_an_unknown_host_is_told_from_one_that_changed(
    remote: Remote, server: sshd.Sshd, tmp_path: Path
) -> None:
    remote.known_hosts.write_text("")
    assert remote.facts().reach == "host_key_unknown"
    sshd.make_key(tmp_path / "other", "ed25519")
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    remote.known_hosts.write_text(f"[{sshd.HOST}]:{server.port} {other}\n")
    assert remote.facts().reach == "host_key_changed"


def test_a_wrong_key_is_a_refusal_and_a_closed_port_is_not(remote: Remote, tmp_path: Path) -> None:
    sshd.make_key(tmp_path / "stranger", "ed25519")
    stranger = replace(remote, ssh=replace(remote.ssh, key=str(tmp_path / "stranger")))
    assert stranger.facts().reach == "refused"
    nowhere = replace(remote, ssh=replace(remote.ssh, port=9))
    assert nowhere.facts().reach == "unreachable"


def test_a_machine_that_hangs_up_while_it_boots_is_asked_again(remote: Remote) -> None:
    with booting(remote.ssh.port, refusals=2) as port:
        host_key = remote.known_hosts.read_text()
        remote.known_hosts.write_text(host_key + host_key.replace(f":{remote.ssh.port} ", f":{port} "))
        assert replace(remote, ssh=replace(remote.ssh, port=port)).facts().reach == "reached"


def test_one_that_goes_on_hanging_up_says_why() -> None:
    said = "System is booting up. See pam_nologin(8)\r\n\r\nConnection closed by 10.0.0.3 port 22\r\n"
    assert Result(255, "", said).last_words == (
        "System is booting up. See pam_nologin(8); Connection closed by 10.0.0.3 port 22"
    )


def test_a_key_that_is_not_there_is_no_fault_of_the_host(remote: Remote, tmp_path: Path) -> None:
    elsewhere = replace(remote.ssh, key=str(tmp_path / "nowhere"))
    with pytest.raises(BackendError, match=r"there is no file .*/nowhere"):
        remotes([remote.host], elsewhere, remote.known_hosts)
    assert remotes([remote.host], remote.ssh, remote.known_hosts)[0].run("true").code == 0


def test_the_way_through_a_bastion_checks_both_hosts(remote: Remote, server: sshd.Sshd) -> None:
    through = replace(
        remote, ssh=replace(remote.ssh, bastion=Bastion(sshd.HOST, server.user, server.port, None))
    )
    assert through.run("echo here").out == "here\n"
    remote.known_hosts.write_text("")
    assert through.run("echo here").code == 255


def test_of_a_bastion_every_key_is_known_and_not_only_the_recorded_one(
    remote: Remote, server: sshd.Sshd
) -> None:
    assert bastion_keys(remote.ssh, remote.known_hosts) is None
    ssh = replace(remote.ssh, bastion=Bastion(sshd.HOST, server.user, server.port, None))
    (recorded,) = recorded_keys(sshd.HOST, server.port, remote.known_hosts)
    told = bastion_keys(ssh, remote.known_hosts)
    assert told == (remote.facts().host_keys or (recorded,))
    silent = replace(ssh, key=None, bastion=Bastion(sshd.HOST, "nobody", server.port, None))
    assert bastion_keys(silent, remote.known_hosts) == (recorded,)


def test_one_operator_at_a_time(remote: Remote) -> None:
    told = pytest.raises(ConflictError, match="ana@laptop is changing this cluster")
    with locked([remote], "ana@laptop"), told, locked([remote], "bob@desk"):
        pass
    with locked([remote], "bob@desk"):  # free again as soon as the first has gone
        pass


def test_the_lock_goes_with_the_connection(remote: Remote) -> None:
    process = remote.lock("ana@laptop")
    assert process is not None
    process.kill()
    process.wait()
    ended = threading.Event()

    def taken() -> bool:
        try:
            with locked([remote], "bob@desk"):
                return True
        except ConflictError:
            return ended.wait(0.2)

    assert any(taken() for _ in range(50))


def test_a_host_that_is_away_is_locked_by_nobody(remote: Remote) -> None:
    with locked([replace(remote, ssh=replace(remote.ssh, port=9))], "ana@laptop"):
        pass
