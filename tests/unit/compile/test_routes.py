"""Routes as Traefik reads them."""

from hashistack.compile.routes import priority, rule, traefik_tags
from hashistack.model import Process, Route, Scale


def test_a_whole_host() -> None:
    assert rule(Route("a.example.com", "/")) == "Host(`a.example.com`)"


def test_a_path_does_not_cover_paths_that_only_begin_alike() -> None:
    assert (
        rule(Route("a.example.com", "/api"))
        == "Host(`a.example.com`) && (Path(`/api`) || PathPrefix(`/api/`))"
    )


def test_the_longer_path_wins_whatever_the_length_of_the_host() -> None:
    assert priority(Route("a.io", "/api")) > priority(Route("a-very-long-host-name.example.com", "/"))


def _process(*, internal: bool) -> Process:
    scale = Scale(1, 1, None, None, None)
    return Process("web", "./web", 100, 64, 8000, None, (Route("a.example.com", "/"),), internal, scale)


def test_a_public_route_leaves_the_entry_points_to_the_ingress_so_that_jobs_are_the_same_with_and_without_tls() -> (
    None
):
    assert not [tag for tag in traefik_tags("shop", _process(internal=False)) if "entrypoints" in tag]


def test_an_internal_route_answers_at_the_internal_entry_point_only() -> None:
    tags = traefik_tags("shop", _process(internal=True))
    assert [tag for tag in tags if "entrypoints" in tag] == [
        "traefik.http.routers.shop-web-0.entrypoints=internal"
    ]


def test_every_route_goes_through_the_retry_of_its_process() -> None:
    tags = traefik_tags("shop", _process(internal=False))
    assert "traefik.http.routers.shop-web-0.middlewares=shop-web" in tags
    assert "traefik.http.middlewares.shop-web.retry.attempts=10" in tags


def test_a_request_that_was_sent_is_repeated_only_where_http_allows_it() -> None:
    tags = traefik_tags("shop", _process(internal=False))
    assert not any("retrynonidempotentmethod" in tag.lower() for tag in tags), "off is Traefik's default"
    limit = next(tag for tag in tags if "maxrequestbodybytes" in tag)
    assert 0 < int(limit.partition("=")[2]) <= 1 << 20, "no limit would let a client fill the memory"
