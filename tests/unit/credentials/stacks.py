"""A stack on machines of one's own, with the hosts that a test wants."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from hashistack import pipeline
from hashistack.model import Stack

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
N1 = "n1: {address: 10.0.0.11, roles: [server, client, ingress]}"
N2 = "n2: {address: 10.0.0.12, roles: [client]}"


def stack(*hosts: str, more: str = "domain: shop.factory.lan") -> Stack:
    listed = "".join(f"      {host}\n" for host in hosts or (N1, N2))
    text = f"""\
app: shop
image: example.com/shop:1
release: ./migrate
processes:
  web: {{command: ./web, port: 8000, health: /health, routes: [shop.factory.lan]}}
  nightly: {{command: ./report, schedule: "0 3 * * *"}}
backing_services:
  cache: {{type: redis}}
environments:
  factory:
    target: onprem
    ssh: {{user: root}}
    {more}
    hosts:
{listed}"""
    return pipeline.load(text.encode(), "hashistack.yaml").stacks[0]


class Counted:
    """Bytes that can be told apart and are the same in every run."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self, size: int) -> bytes:
        return next(self._numbers).to_bytes(size, "big")
