from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from hashistack.backends.credentials import CredentialsFolder, credentials_folder
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import secrets_env
from hashistack.credentials.values import Credentials, Found
from hashistack.diagnostics import HashistackError
from tests.unit.credentials.stacks import N1, NOW, stack


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return complete(Found(), stack(), NOW).credentials


@pytest.fixture
def folder(tmp_path: Path, credentials: Credentials) -> CredentialsFolder:
    folder = CredentialsFolder(tmp_path / "state" / "shop@factory")
    folder.write(credentials)
    return folder


def test_what_is_written_is_read_again(folder: CredentialsFolder, credentials: Credentials) -> None:
    done = complete(folder.read(), stack(), NOW)
    assert not done.changed
    assert done.credentials == credentials


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    assert CredentialsFolder(tmp_path / "nowhere").read() == Found()
    assert not (tmp_path / "nowhere").exists()


def test_where_it_is(tmp_path: Path) -> None:
    folder = credentials_folder({"XDG_STATE_HOME": str(tmp_path)}, stack())
    assert folder.path == tmp_path / "hashistack" / "shop@factory"
    assert credentials_folder({"HOME": "/home/op"}, stack()).path == Path(
        "/home/op/.local/state/hashistack/shop@factory"
    )


def test_nobody_else_may_look_into_it_whatever_the_umask(tmp_path: Path, credentials: Credentials) -> None:
    before = os.umask(0)
    try:
        folder = CredentialsFolder(tmp_path / "state" / "shop@factory")
        folder.write(credentials)
        folder.write_variables({"secrets": {}})
        folder.write_known_hosts("n1 ssh-ed25519 AAAA\n")
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in folder.path.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_a_file_that_became_readable_for_others_is_closed_again(
    folder: CredentialsFolder, credentials: Credentials
) -> None:
    key = folder.path / "ca-key.pem"
    key.chmod(0o644)
    folder.write(credentials)
    assert key.stat().st_mode & 0o777 == 0o600


def test_files_that_are_right_are_not_touched(folder: CredentialsFolder, credentials: Credentials) -> None:
    before = {path: path.stat().st_ino for path in folder.path.rglob("*.pem")}
    folder.write(credentials)
    assert {path: path.stat().st_ino for path in folder.path.rglob("*.pem")} == before


def test_a_host_that_left_leaves_no_file(folder: CredentialsFolder) -> None:
    done = complete(folder.read(), stack(N1), NOW)
    folder.write(done.credentials, done.dropped)
    assert [path.name for path in (folder.path / "hosts").iterdir()] == ["n1"]
    assert set(json.loads((folder.path / "credentials.json").read_text())["hosts"]) == {"n1"}


@pytest.mark.parametrize("number", range(11))
def test_a_write_that_is_interrupted_anywhere_can_be_gone_on_with(
    tmp_path: Path, credentials: Credentials, number: int
) -> None:
    """Whatever was written until then is whole, and the next run completes it."""

    class Interrupted(CredentialsFolder):
        def _write(self, name: str, content: bytes) -> None:
            if len([path for path in self.path.rglob("*") if path.is_file()]) == number:
                raise KeyboardInterrupt
            super()._write(name, content)

    folder = tmp_path / "x"
    with suppress(KeyboardInterrupt):
        Interrupted(folder).write(credentials)
    plain = CredentialsFolder(folder)
    done = complete(plain.read(), stack(), NOW)
    plain.write(done.credentials, done.dropped)
    assert not complete(plain.read(), stack(), NOW).changed
    assert not list(folder.rglob(".*"))


def test_a_full_disk_leaves_the_old_file(
    folder: CredentialsFolder, credentials: Credentials, tmp_path: Path
) -> None:
    before = (folder.path / "credentials.json").read_bytes()
    (folder.path / f".credentials.json.{os.getpid()}.tmp").mkdir()  # nothing can be written there
    with pytest.raises(HashistackError) as caught:
        folder.write(replace(credentials, secrets=complete(Found(), stack(), NOW).credentials.secrets))
    assert caught.value.diagnostics[0].code == "HS448"
    assert (folder.path / "credentials.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("credentials.json", "{", "Expecting property name"),
        ("credentials.json", "[]", "not of format 1"),
        ("credentials.json", '{"format": 2}', "not of format 1"),
        ("credentials.json", '{"format": 1}', "'consul_gossip' is missing or wrong"),
        ("credentials.json", '{"format": 1, "consul_gossip": ""}', "is missing or wrong"),
        ("credentials.json", '{"format": 1, "consul_gossip": 7}', "is missing or wrong"),
        ("ca.pem", "", ""),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ""),
        ("hosts/n1/agent-key.pem", "not a key", ""),
        ("operator.pem", "\x00\xff", ""),
    ],
)
def test_a_broken_file_is_named(folder: CredentialsFolder, name: str, content: str, reason: str) -> None:
    (folder.path / name).write_text(content)
    with pytest.raises(HashistackError) as caught:
        folder.read()
    problem = caught.value.diagnostics[0]
    assert problem.code == "HS480"
    assert re.match(f"the credentials in {folder.path}/\\S+ are broken: .*{reason}", problem.summary)
    assert "PRIVATE" not in problem.summary


def test_an_authority_without_its_key_is_not_replaced_in_silence(folder: CredentialsFolder) -> None:
    (folder.path / "ca-key.pem").unlink()
    with pytest.raises(HashistackError) as caught:
        folder.read()
    assert "ca-key.pem is missing" in caught.value.diagnostics[0].summary


def test_what_terraform_is_handed_is_json_for_nobody_else(folder: CredentialsFolder) -> None:
    folder.write_variables({"secrets": {"n1": "A='1'\n"}})
    assert json.loads(folder.variables.read_text()) == {"secrets": {"n1": "A='1'\n"}}
    assert folder.variables.stat().st_mode & 0o777 == 0o600


def test_what_was_rescued_from_a_server_is_used_once(tmp_path: Path, credentials: Credentials) -> None:
    folder = CredentialsFolder(tmp_path)
    folder.rescued.write_text(secrets_env(stack().environment.hosts[0], credentials).reveal())
    found = folder.read()
    assert found == Found(rescued=credentials.secrets.gossip)
    folder.write(complete(found, stack(), NOW).credentials)
    assert not folder.rescued.exists()
    folder.rescued.write_text("NOMAD_GOSSIP_KEY='x'")
    assert folder.read().rescued is None, "what is there already wins"


def test_a_clients_secrets_rescue_nothing(tmp_path: Path, credentials: Credentials) -> None:
    folder = CredentialsFolder(tmp_path)
    folder.rescued.write_text(secrets_env(stack().environment.hosts[1], credentials).reveal())
    with pytest.raises(HashistackError) as caught:
        folder.read()
    assert "rescued.env are broken: CONSUL_GOSSIP_KEY or NOMAD_GOSSIP_KEY is missing" in str(caught.value)
