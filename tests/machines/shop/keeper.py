"""The example's cache: on which machine it keeps what it has, and how far it has counted."""

from __future__ import annotations

from tests.machines.site import Site

COUNTER = "/counter"


def keeper(site: Site) -> str:
    """Return the name of the machine that has the only member of the cache, also while it is off."""
    _, _, address = site.consul("kv", "get", "hashistack/shop-cache/members/1").strip().partition(" ")
    hosts: dict[str, dict[str, str]] = site.factory["hosts"]
    return next(name for name, host in hosts.items() if host["address"] == address)


def counted(site: Site, address: str) -> int:
    """Count one further, through the ingress at the address."""
    status, answer = site.ask(address, COUNTER)
    assert status == 200, answer
    return int(answer["counter"])
