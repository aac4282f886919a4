"""What the bucket of Terraform's state must have, and what one that is there lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack import pipeline
from hashistack.model import Stack, TerraformState
from hashistack.plan.state_bucket import LIFECYCLE, NEW, PUBLIC_ACCESS, Bucket, lacks, place, tls_only

WANTED = TerraformState("shop-state", "eu-west-1", "shop/production.tfstate")
GOOD = Bucket(PUBLIC_ACCESS, "Enabled", True, tls_only(WANTED, None), list(LIFECYCLE["Rules"]))


def stack(state: str = "") -> Stack:
    text = f"""\
app: shop
image: registry.example.com/shop:v1
processes: {{web: {{command: serve}}}}
environments:
  production:
    target: aws
    region: eu-west-1
{f"    state: {state}" if state else ""}
"""
    return pipeline.load(text, "hashistack.yaml").stacks[0]


def test_a_new_bucket_lacks_everything() -> None:
    every = ["no public access", "versions", "encryption", "TLS only", "old versions end"]
    assert list(lacks(NEW, WANTED)) == every


def test_one_that_has_all_lacks_nothing() -> None:
    assert list(lacks(GOOD, WANTED)) == []


@pytest.mark.parametrize(
    ("bucket", "setting"),
    [
        (replace(GOOD, public_access={**PUBLIC_ACCESS, "BlockPublicAcls": False}), "no public access"),
        (replace(GOOD, versioning="Suspended"), "versions"),
        (replace(GOOD, encrypted=False), "encryption"),
        (replace(GOOD, policy={"Version": "2012-10-17", "Statement": []}), "TLS only"),
        (replace(GOOD, lifecycle=None), "old versions end"),
    ],
)
def test_each_setting_is_missed(bucket: Bucket, setting: str) -> None:
    assert list(lacks(bucket, WANTED)) == [setting]


def test_a_policy_of_its_owner_stays() -> None:
    theirs = {"Sid": "Team", "Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "s3:*", "Resource": "*"}
    policy = tls_only(WANTED, {"Version": "2012-10-17", "Id": "x", "Statement": [theirs]})
    assert policy["Id"] == "x"
    assert policy["Statement"][0] == theirs
    assert policy["Statement"][1]["Resource"] == ["arn:aws:s3:::shop-state", "arn:aws:s3:::shop-state/*"]
    assert tls_only(WANTED, policy) == policy


def test_china_has_names_of_its_own() -> None:
    policy = tls_only(replace(WANTED, region="cn-north-1"), None)
    assert policy["Statement"][0]["Resource"][0] == "arn:aws-cn:s3:::shop-state"


def test_the_descriptor_says_where() -> None:
    described = stack("{bucket: team-state, region: eu-central-1, key: a.tfstate}")
    expected = TerraformState("team-state", "eu-central-1", "a.tfstate")
    assert place(described, "123456789012", None) == expected
    assert place(described, "123456789012", "team-state") == expected


def test_without_it_the_name_has_the_account_in_it() -> None:
    assert place(stack(), "123456789012", None) == TerraformState(
        "shop-state-123456789012", "eu-west-1", "shop/production.tfstate"
    )


def test_a_name_that_is_given_counts() -> None:
    assert place(stack(), "123456789012", "other").bucket == "other"
    assert place(stack("team-state"), "123456789012", "other").bucket == "other"
