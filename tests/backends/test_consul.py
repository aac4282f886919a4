from __future__ import annotations

from pathlib import Path

import pytest

from hashistack.backends.consul import Consul
from hashistack.backends.endpoint import consul_endpoint
from hashistack.diagnostics import BackendError
from tests.backends.stub import Stub


def client(url: str, **environ: str) -> Consul:
    return Consul(consul_endpoint({"CONSUL_HTTP_ADDR": url, **environ}))


def test_nothing_listens(nobody: str) -> None:
    with pytest.raises(BackendError) as caught:
        client(nobody).passing("web")
    assert caught.value.diagnostics[0].code == "HS401"
    assert "CONSUL_HTTP_ADDR" in caught.value.diagnostics[0].hint
    assert client(nobody).ready() is False


def test_permission_denied(stub: Stub) -> None:
    stub.status, stub.answer = 403, "Permission denied"
    with pytest.raises(BackendError) as caught:
        client(stub.url).passing("web")
    assert caught.value.diagnostics[0].code == "HS402"
    assert "set CONSUL_HTTP_TOKEN" in caught.value.diagnostics[0].hint


def test_a_service_passes_when_an_instance_is_listed(stub: Stub) -> None:
    stub.headers = {"X-Consul-Index": "1"}
    stub.answer = [{"Service": {"ID": "web-1"}}]
    assert client(stub.url, CONSUL_HTTP_TOKEN="t0p").passing("shop-web")
    asked = stub.requests[0]
    assert (asked.path, asked.query["passing"]) == ("/v1/health/service/shop-web", "1")
    assert asked.headers["X-Consul-Token"] == "t0p"
    stub.answer = []
    assert not client(stub.url).passing("shop-web")


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://127.0.0.1:8500"),
        ({"CONSUL_HTTP_ADDR": "10.0.0.1:8500"}, "http://10.0.0.1:8500"),
        ({"CONSUL_HTTP_ADDR": "https://consul.lan"}, "https://consul.lan"),
        ({"CONSUL_HTTP_ADDR": "10.0.0.1:8501", "CONSUL_HTTP_SSL": "true"}, "https://10.0.0.1:8501"),
    ],
)
def test_the_address_is_read_as_consul_reads_it(environ: dict[str, str], url: str) -> None:
    assert consul_endpoint(environ).url == url


def test_a_token_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0p\n")
    endpoint = consul_endpoint({"CONSUL_HTTP_TOKEN_FILE": str(tmp_path / "token")})
    assert endpoint.token is not None
    assert endpoint.token.reveal() == "t0p"
    assert "t0p" not in repr(endpoint)


def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for file, reason in ((tmp_path / "missing", "No such file"), (tmp_path / "binary", "not text")):
        with pytest.raises(BackendError, match=f"{file}: .*{reason}") as caught:
            consul_endpoint({"CONSUL_HTTP_TOKEN_FILE": str(file)})
        assert caught.value.diagnostics[0].code == "HS447"


def test_an_address_that_cannot_be_read() -> None:
    with pytest.raises(BackendError) as caught:
        consul_endpoint({"CONSUL_HTTP_ADDR": "127.0.0.1:abc"})
    assert caught.value.diagnostics[0].code == "HS407"


@pytest.mark.parametrize("status", [200, 404])
def test_another_server_is_no_empty_consul(stub: Stub, status: int) -> None:
    stub.status, stub.answer = status, "<html>Welcome</html>"
    stub.headers = {"X-Consul-Index": "1"}
    for ask in (
        Consul.service_names,
        lambda consul: consul.passing("web"),
        lambda consul: consul.instances("web"),
    ):
        with pytest.raises(BackendError) as caught:
            ask(client(stub.url))
        assert caught.value.diagnostics[0].code == "HS406"
