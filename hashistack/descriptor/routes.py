"""The routes of a process in one environment: paths put on its domain, hosts moved from another's."""

from __future__ import annotations

from typing import cast

from hashistack.descriptor import reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Mapping
from hashistack.model import Route


def routes(merged: Merged, name: str, process: Mapping) -> tuple[Route, ...]:
    """Return the routes of `process` in the order they are written."""
    # Routes that this very environment writes mean what they say.
    own = reading.mapping(reading.mapping(merged.own, "processes"), name)
    written = () if "routes" in own.entries else merged.domains
    return tuple(
        located(cast(Route, item.value), merged.domain, written) for item in reading.items(process, "routes")
    )


def located(route: Route, domain: str, written: tuple[str, ...]) -> Route:
    """Return `route` in an environment with `domain`; `written` are the domains that hosts are written for.

    The longest of them that the host is in is replaced: shop.example.com becomes shop.factory.lan where the
    domain is factory.lan and example.com is another environment's. Without a domain a host stays as it is.
    """
    if not route.host:
        return Route(domain, route.path)
    fitting = [known for known in written if route.host == known or route.host.endswith(f".{known}")]
    if not domain or not fitting:
        return route
    return Route(route.host.removesuffix(max(fitting, key=len)) + domain, route.path)
