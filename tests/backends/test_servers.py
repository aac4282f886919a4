from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hashistack.backends.credentials import CredentialsFolder
from hashistack.backends.endpoint import Endpoint, session
from hashistack.backends.servers import consul_servers, first_answering, nomad_servers, on_hosts
from hashistack.credentials.complete import complete
from hashistack.credentials.values import Found
from hashistack.diagnostics import BackendError, HashistackError
from tests.backends.stub import Stub, serving
from tests.unit.credentials.stacks import NOW, stack

SERVERS = (
    "n1: {address: 10.0.0.11, roles: [server, client]}",
    "n2: {address: 10.0.0.12, roles: [client]}",
)


@pytest.fixture
def stubs() -> Iterator[tuple[Stub, Stub]]:
    with ExitStack() as running:
        first, second = (running.enter_context(serving()) for _ in range(2))
        yield first, second


def nomad(url: str) -> Endpoint:
    return Endpoint("Nomad", url)


def test_every_server_is_asked_with_the_operators_credentials(tmp_path: Path) -> None:
    folder, wanted = CredentialsFolder(tmp_path), stack(*SERVERS)
    secrets = complete(Found(), wanted, NOW).credentials.secrets
    (one,) = nomad_servers(on_hosts(wanted), folder, secrets)
    assert (one.url, one.token, one.verify) == (
        "https://10.0.0.11:4646",
        secrets.nomad_management,
        str(tmp_path / "ca.pem"),
    )
    with pytest.raises(HashistackError, match=r"operator-key.pem is missing"):
        consul_servers(on_hosts(wanted), folder, secrets)
    for file in folder.operator:
        file.touch()
    (one,) = consul_servers(on_hosts(wanted), folder, secrets)
    assert (one.url, one.token) == ("https://10.0.0.11:8501", secrets.consul_management)
    assert one.cert == (str(tmp_path / "operator.pem"), str(tmp_path / "operator-key.pem"))


def test_a_server_that_is_off_is_passed_over(nobody: str, stubs: tuple[Stub, Stub]) -> None:
    stubs[0].answer = '"10.0.0.11:4647"'
    assert first_answering([nomad(nobody), nomad(stubs[0].url)]).url == stubs[0].url


def test_a_server_that_knows_a_leader_is_preferred(stubs: tuple[Stub, Stub]) -> None:
    stubs[0].status, stubs[0].answer = 500, "No cluster leader"
    stubs[1].answer = '"10.0.0.11:4647"'
    both = [nomad(stub.url) for stub in stubs]
    assert first_answering(both).url == stubs[1].url
    stubs[1].answer = '""'
    assert first_answering(both).url == stubs[0].url


def test_none_answers(nobody: str) -> None:
    with pytest.raises(BackendError) as caught:
        first_answering([nomad(nobody)])
    assert caught.value.diagnostics[0].code == "HS473"
    assert nobody in caught.value.diagnostics[0].summary


def test_the_authority_of_an_endpoint_is_not_displaced_by_the_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/of-the-office.pem")
    opened = session(Endpoint("Nomad", "https://10.0.0.11:4646", verify="/state/ca.pem"))
    settings = opened.merge_environment_settings(
        "https://10.0.0.11:4646", {}, stream=False, verify=None, cert=None
    )
    assert settings["verify"] == "/state/ca.pem"
