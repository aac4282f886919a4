from __future__ import annotations

import pytest

from hashistack import pipeline
from hashistack.plan.addresses import addresses

DESCRIPTOR = """\
app: shop
image: example.com/shop:1
processes:
  web: {command: ./web, port: 8000, health: /health, routes: [shop.example.com, shop.example.com/api]}
  admin: {command: ./admin, port: 8001, health: /health, internal: true, routes: [admin.example.com, admin.shop.lan]}
environments:
  laptop: {target: local}
  production: {target: aws, region: eu-west-1, dns: {zone: example.com}}
"""


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        (
            "laptop",
            [
                "http://shop.example.com:8080/",
                "http://shop.example.com:8080/api",
                "http://admin.example.com:8081/ (internal)",
                "http://admin.shop.lan:8081/ (internal)",
            ],
        ),
        (
            "production",
            [
                "https://shop.example.com/",
                "https://shop.example.com/api",
                "http://admin.shop.lan/ (internal)",
                "https://admin.example.com/ (internal)",
            ],
        ),
    ],
)
def test_routes_as_addresses(environment: str, wanted: list[str]) -> None:
    stacks = pipeline.load(DESCRIPTOR.encode(), "hashistack.yaml").stacks
    (stack,) = (each for each in stacks if each.environment.name == environment)
    found = [f"{each.url}{' (internal)' if each.internal else ''}" for each in addresses(stack)]
    assert found == wanted
