"""Routes as Traefik reads them."""

from hashistack.compile.routes import priority, rule
from hashistack.model import Route


def test_a_whole_host() -> None:
    assert rule(Route("a.example.com", "/")) == "Host(`a.example.com`)"


def test_a_path_does_not_cover_paths_that_only_begin_alike() -> None:
    assert (
        rule(Route("a.example.com", "/api"))
        == "Host(`a.example.com`) && (Path(`/api`) || PathPrefix(`/api/`))"
    )


def test_the_longer_path_wins_whatever_the_length_of_the_host() -> None:
    assert priority(Route("a.io", "/api")) > priority(Route("a-very-long-host-name.example.com", "/"))
