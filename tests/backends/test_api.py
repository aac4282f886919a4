from __future__ import annotations

import pytest

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint, Product
from hashistack.diagnostics import BackendError
from hashistack.plan.sensitive import Sensitive
from tests.backends.stub import Stub


def code(error: pytest.ExceptionInfo[BackendError]) -> str:
    return error.value.diagnostics[0].code


def test_what_is_only_read_is_asked_again_when_nobody_answers_in_time_and_a_change_is_not(stub: Stub) -> None:
    stub.delay = 0.3
    api = Api(Endpoint("Nomad", stub.url), timeout=0.1, asked_again=2)
    for ask, times in ((api.get, 3), (api.listed, 3), (api.put, 1), (api.delete, 1)):
        stub.requests.clear()
        with pytest.raises(BackendError) as caught:
            ask("jobs")
        assert code(caught) == "HS404"
        assert len(stub.requests) == times


def test_an_attempt_is_one(stub: Stub) -> None:
    stub.delay = 0.3
    with pytest.raises(BackendError):
        Api(Endpoint("Nomad", stub.url), timeout=0.1, asked_again=2).attempt("get", "status/leader")
    assert len(stub.requests) == 1


@pytest.mark.parametrize(("product", "header"), [("Nomad", "X-Nomad-Token"), ("Consul", "X-Consul-Token")])
def test_token_namespace_and_region_go_with_a_change_too(stub: Stub, product: Product, header: str) -> None:
    endpoint = Endpoint(product, stub.url, Sensitive("t0p"), namespace="shop", region="eu")
    Api(endpoint).put("thing", {"a": 1}, cas=7)
    (asked,) = stub.requests
    assert asked.headers[header] == "t0p"
    assert asked.query == {"namespace": "shop", "region": "eu", "cas": "7"}
    assert asked.body == {"a": 1}


@pytest.mark.parametrize(
    ("product", "said"),
    [
        ("Nomad", "node not found"),
        ("Nomad", "ACL policy not found"),
        ("Consul", ""),
        ("Consul", "Cannot find it"),
    ],
)
def test_what_is_not_there_is_none_and_need_not_be_deleted(stub: Stub, product: Product, said: str) -> None:
    stub.status, stub.answer = 404, said
    api = Api(Endpoint(product, stub.url))
    assert api.get("thing") is None
    assert api.one("thing") is None
    assert api.watch("thing", 3, 1) == (3, None)
    assert api.delete("thing") == ""


def test_another_server_has_deleted_nothing(stub: Stub) -> None:
    stub.status, stub.answer = 404, "404 page not found"
    with pytest.raises(BackendError, match="does not look like Nomad"):
        Api(Endpoint("Nomad", stub.url)).delete("job/shop")


def test_nor_has_one_at_the_address_of_consul(stub: Stub) -> None:
    stub.status, stub.answer = 404, "<html>404</html>"
    for ask in (Api(Endpoint("Consul", stub.url)).get, Api(Endpoint("Consul", stub.url)).delete):
        with pytest.raises(BackendError, match="does not look like Consul"):
            ask("kv/thing")


@pytest.mark.parametrize("ask", ["get", "listed", "one"])
def test_an_empty_success_is_no_answer_to_a_question(stub: Stub, ask: str) -> None:
    stub.answer = ""
    with pytest.raises(BackendError, match="does not look like Nomad"):
        getattr(Api(Endpoint("Nomad", stub.url)), ask)("jobs")
    with pytest.raises(BackendError, match="does not look like Nomad"):
        Api(Endpoint("Nomad", stub.url)).submit("jobs", {}, "submitting job shop")


def test_a_machine_that_nobody_hears_of_is_nomads_own_word(stub: Stub) -> None:
    stub.status, stub.answer = 404, "No path to node"
    with pytest.raises(BackendError, match="No path to node"):
        Api(Endpoint("Nomad", stub.url)).put("client/gc", node_id="n1")


@pytest.mark.parametrize("product", ["Nomad", "Consul"])
def test_an_answer_that_is_no_json_is_none_of_the_product(stub: Stub, product: Product) -> None:
    stub.answer = "<html>Welcome</html>"
    for ask in (Api(Endpoint(product, stub.url)).get, Api(Endpoint(product, stub.url)).put):
        with pytest.raises(BackendError, match=f"does not look like {product}"):
            ask("thing")


def test_a_change_may_be_answered_with_nothing(stub: Stub) -> None:
    stub.answer = ""
    assert Api(Endpoint("Nomad", stub.url)).put("client/gc") is None


def test_a_refusal_says_what_was_being_done(stub: Stub) -> None:
    stub.status, stub.answer = 500, "no"
    with pytest.raises(BackendError, match="planning job shop"):
        Api(Endpoint("Nomad", stub.url)).put("job/shop/plan", {}, "planning job shop")
