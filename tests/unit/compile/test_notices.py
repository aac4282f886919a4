"""What is said at every render of an environment on AWS."""

from __future__ import annotations

import pytest

from hashistack import pipeline

APP = """\
app: shop
image: shop
processes: {{worker: {{command: ./work}}}}
backing_services: {{cache: {{type: redis}}}}
environments:
  production: {{target: {target}{more}}}
"""
AWS = "aws, region: eu-west-3"


@pytest.mark.parametrize(
    ("target", "more", "codes"),
    [
        ("local", "", []),
        ("onprem", ", hosts: {n1: {address: 10.0.0.1, roles: [server, client]}}", []),
        (AWS, "", ["HS606", "HS607"]),
        (AWS, ", state: example-terraform", ["HS607"]),
        (AWS, ", managed: [cache]", ["HS606"]),
        (AWS, ", managed: [cache], state: example-terraform", []),
    ],
)
def test_what_is_left_to_the_user(target: str, more: str, codes: list[str]) -> None:
    built = pipeline.build(pipeline.load(APP.format(target=target, more=more), "hashistack.yaml"))
    assert [notice.code for notice in built.notices] == codes
