from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashistack.compile.aws.names import prefix
from tests.aws import matrix

STACK = matrix.stack("smallest")
NAME = st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)


def named(app: str, environment: str) -> str:
    return prefix(replace(STACK, app=app, environment=replace(STACK.environment, name=environment)))


def test_it_is_app_and_environment_where_they_fit() -> None:
    assert named("shop", "production") == "shop-production"
    assert named("warehouses", "production1") == "warehouses-production1"  # 22 characters


def test_a_long_one_is_cut_and_stays_its_own() -> None:
    assert named("warehouse-bookkeeping", "production") == "warehouse-bookkee-899a"
    assert named("warehouse-bookkeeping", "staging") != named("warehouse-bookkeeping", "production")


@pytest.mark.parametrize("app", ["aws", "ssm-tools", "internal", "sg", "xn--shop", "sthree"])
def test_what_aws_keeps_for_itself_is_not_taken(app: str) -> None:
    assert named(app, "production").startswith("app-")


@given(NAME, NAME)
def test_every_service_takes_it(app: str, environment: str) -> None:
    assert re.fullmatch(r"[a-z](-?[a-z0-9])*", found := named(app, environment))
    assert len(found) <= 22
