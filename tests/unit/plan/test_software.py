from __future__ import annotations

import gzip
from base64 import b64encode
from typing import Any

import pytest

from hashistack.plan.software import TEMPLATE, other_versions


def data(nomad: str, consul: str = "1.22.7") -> dict[str, str]:
    versions = f"NOMAD_VERSION='{nomad}'\nCONSUL_VERSION='{consul}'"
    script = f"#!/bin/sh\ncat >node.env <<'HASHISTACK'\n{versions}\nHASHISTACK\n"
    return {"user_data": b64encode(gzip.compress(script.encode())).decode()}


def plan(before: dict[str, str] | None, after: dict[str, str] | None) -> dict[str, Any]:
    other = {"address": "aws_vpc.main", "change": {"before": None, "after": {}}}
    template = {"address": TEMPLATE, "change": {"before": before, "after": after}}
    return {"resource_changes": [other, template]}


def test_a_version_that_changes_is_named() -> None:
    assert other_versions(plan(data("1.11.3"), data("1.11.4"))) == ("Nomad 1.11.3 to 1.11.4",)
    assert other_versions(plan(data("1.11.3"), data("1.11.4", "1.22.8"))) == (
        "Nomad 1.11.3 to 1.11.4",
        "Consul 1.22.7 to 1.22.8",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, data("1.11.3")),
        (data("1.11.3"), data("1.11.3")),
        (data("1.11.3"), {}),
        (data("1.11.3"), None),
        ({"user_data": "not base64!"}, data("1.11.3")),
        ({"user_data": b64encode(b"not gzip").decode()}, data("1.11.3")),
    ],
)
def test_anything_else_is_none(before: dict[str, str] | None, after: dict[str, str] | None) -> None:
    assert other_versions(plan(before, after)) == ()


def test_a_plan_without_servers_has_none() -> None:
    assert other_versions({}) == ()
