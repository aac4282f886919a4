from __future__ import annotations

from collections.abc import Callable

import pytest

from hashistack.backends.endpoint import nomad_endpoint
from hashistack.backends.nomad import Nomad
from hashistack.diagnostics import BackendError
from hashistack.plan.actual import Variable
from hashistack.plan.sensitive import Sensitive
from tests.backends.stub import Stub


def client(url: str, **environ: str) -> Nomad:
    return Nomad(nomad_endpoint({"NOMAD_ADDR": url, **environ}))


def problem(error: pytest.ExceptionInfo[BackendError]) -> str:
    diagnostic = error.value.diagnostics[0]
    return f"{diagnostic.code} {diagnostic.summary} | {diagnostic.hint}"


# --- what goes wrong


def test_nothing_listens(nobody: str) -> None:
    with pytest.raises(BackendError) as caught:
        client(nobody).jobs()
    assert caught.value.exit_code == 69
    assert problem(caught).startswith(f"HS401 Nomad does not answer at {nobody}")
    assert "NOMAD_ADDR" in problem(caught)


def test_permission_denied_without_a_token_names_the_variable(stub: Stub) -> None:
    stub.status, stub.answer = 403, "Permission denied"
    with pytest.raises(BackendError) as caught:
        client(stub.url).jobs()
    assert problem(caught).startswith("HS402 Nomad: permission denied")
    assert "set NOMAD_TOKEN" in problem(caught)


def test_permission_denied_with_a_token_says_that_it_lacks_the_right(stub: Stub) -> None:
    stub.status, stub.answer = 403, "Permission denied"
    with pytest.raises(BackendError) as caught:
        client(stub.url, NOMAD_TOKEN="t0p").jobs()
    assert "lacks the permission" in problem(caught)
    assert "t0p" not in problem(caught)


def test_https_against_a_plain_port(stub: Stub) -> None:
    with pytest.raises(BackendError) as caught:
        client(stub.url.replace("http:", "https:")).jobs()
    assert problem(caught).startswith("HS403")
    assert "NOMAD_CACERT" in problem(caught)


def test_plain_http_against_a_tls_port(stub: Stub) -> None:
    stub.status, stub.answer = 400, "Client sent an HTTP request to an HTTPS server."
    with pytest.raises(BackendError) as caught:
        client(stub.url).jobs()
    assert problem(caught).startswith("HS403")


def test_servers_without_a_leader(stub: Stub) -> None:
    stub.status, stub.answer = 500, "No cluster leader"
    with pytest.raises(BackendError) as caught:
        client(stub.url).jobs()
    assert problem(caught).startswith("HS405")


def test_an_address_that_is_no_http() -> None:
    with pytest.raises(BackendError) as caught:
        client("unix:///run/nomad.sock").jobs()
    assert problem(caught).startswith("HS407")


def test_a_library_call_fails_like_our_own(nobody: str) -> None:
    with pytest.raises(BackendError) as caught:
        client(nobody).fail_deployment("d1")
    assert problem(caught).startswith("HS401")
    assert client(nobody).ready() is False


@pytest.mark.parametrize("answer", ["<p>Message: File not found.</p>", "404 page not found", ""])
@pytest.mark.parametrize(
    "ask",
    [
        lambda nomad: nomad.jobs(),
        lambda nomad: nomad.nodes(),
        lambda nomad: nomad.allocations("shop"),
        lambda nomad: nomad.job("shop"),
        lambda nomad: nomad.variable("nomad/jobs/shop"),
        lambda nomad: nomad.deployment("d1"),
    ],
)
def test_another_server_is_no_empty_nomad(stub: Stub, ask: Callable[[Nomad], object], answer: str) -> None:
    stub.status, stub.answer = 404, answer
    with pytest.raises(BackendError, match="does not look like Nomad") as caught:
        ask(client(stub.url))
    assert problem(caught).startswith("HS406")


@pytest.mark.parametrize("answer", ["<html>Welcome</html>", {"welcome": "here"}])
def test_a_success_that_is_none_of_nomads(stub: Stub, answer: object) -> None:
    stub.answer = answer
    with pytest.raises(BackendError, match="does not look like Nomad") as caught:
        client(stub.url).jobs()
    assert problem(caught).startswith("HS406")
    assert not client(stub.url).can_sign()
    stub.answer = ["welcome"]
    with pytest.raises(BackendError, match="does not look like Nomad"):
        client(stub.url).job("shop")


@pytest.mark.parametrize("url", ["http://127.0.0.1:abc", "http://127.0.0.1:99999", "http://[::1"])
def test_an_address_that_cannot_be_read(url: str) -> None:
    with pytest.raises(BackendError) as caught:
        client(url)
    assert problem(caught).startswith("HS407")


def test_an_empty_address_is_none() -> None:
    assert nomad_endpoint({"NOMAD_ADDR": ""}).url == "http://127.0.0.1:4646"


# --- what is asked


def test_token_namespace_and_region_go_with_every_question(stub: Stub) -> None:
    stub.answer = []
    client(stub.url, NOMAD_TOKEN="t0p", NOMAD_NAMESPACE="shop", NOMAD_REGION="eu").jobs()
    asked = stub.requests[0]
    assert asked.headers["X-Nomad-Token"] == "t0p"
    assert (asked.query["namespace"], asked.query["region"]) == ("shop", "eu")


def test_a_job_that_is_not_there_is_none(stub: Stub) -> None:
    stub.status, stub.answer = 404, "job not found"
    assert client(stub.url).job("shop") is None
    client(stub.url).purge("shop")
    stub.answer = "job versions not found"
    assert client(stub.url).versions("shop") == []
    stub.answer = "variable not found"
    assert client(stub.url).variable("nomad/jobs/shop") is None
    stub.answer = "deployment not found"
    assert client(stub.url).deployment("d1", index=4) == (4, None)


def test_the_run_of_a_periodic_job_is_one_part_of_the_path(stub: Stub) -> None:
    stub.answer = {"ID": "shop-nightly/periodic-1"}
    client(stub.url).job("shop-nightly/periodic-1")
    assert stub.requests[0].path == "/v1/job/shop-nightly%2Fperiodic-1"


def test_hcl_variables_are_written_as_hcl(stub: Stub) -> None:
    stub.answer = {}
    client(stub.url).parse("job {}", {"version": 'v1"${x}%{y}'})
    assert stub.requests[0].body["Variables"] == 'version = "v1\\"$${x}%%{y}"\n'


def test_a_job_is_submitted_only_against_what_was_seen_and_with_its_source(stub: Stub) -> None:
    stub.answer = {"EvalID": "e1", "JobModifyIndex": 9}
    registration = client(stub.url).register({"ID": "shop"}, 7, "the text", {"version": "v1"})
    body = stub.requests[0].body
    assert (body["EnforceIndex"], body["JobModifyIndex"]) == (True, 7)
    assert body["Submission"]["Source"] == "the text"
    assert (registration.evaluation, registration.modify_index) == ("e1", 9)


def test_a_job_that_changed_meanwhile_is_not_overwritten(stub: Stub) -> None:
    stub.status, stub.answer = (
        500,
        "Enforcing job modify index 7: job exists with conflicting job modify index: 8",
    )
    with pytest.raises(BackendError) as caught:
        client(stub.url).register({"ID": "shop"}, 7, "", {})
    assert problem(caught).startswith("HS408 job shop was changed by somebody else")


def test_a_deployment_is_waited_for(stub: Stub) -> None:
    stub.answer, stub.headers = {"ID": "d1"}, {"X-Nomad-Index": "12"}
    assert client(stub.url).deployment("d1", index=11, wait=3) == (12, {"ID": "d1"})
    assert (stub.requests[0].query["index"], stub.requests[0].query["wait"]) == ("11", "3s")


def test_a_variable_is_stored_against_the_index_that_was_read(stub: Stub) -> None:
    stub.answer = {}
    client(stub.url).put_variable(Variable("nomad/jobs/shop", {"KEY": Sensitive("hunter2")}, 5))
    assert stub.requests[0].query["cas"] == "5"
    assert stub.requests[0].body["Items"] == {"KEY": "hunter2"}


@pytest.mark.parametrize(("status", "code"), [(409, "HS408"), (500, "HS406")])
def test_a_variable_that_is_refused_never_shows_its_value(stub: Stub, status: int, code: str) -> None:
    stub.status, stub.answer = status, "invalid item hunter2"
    with pytest.raises(BackendError) as caught:
        client(stub.url).put_variable(Variable("nomad/jobs/shop", {"KEY": Sensitive("hunter2")}, 5))
    assert problem(caught).startswith(code)
    assert "hunter2" not in problem(caught)


def test_the_log_of_a_machine_that_is_away_is_empty(nobody: str) -> None:
    assert client(nobody).log("a1", "web", "stdout") == b""
