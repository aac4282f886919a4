"""`hashistack init-state` against an S3 that answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import moto
from tests.cli.run import Result, run
from tests.conftest import needed

DESCRIPTOR = """\
app: shop
image: registry.example.com/shop:v1
processes: {web: {command: serve}}
environments:
  laptop: {target: local}
  production:
    target: aws
    region: %s
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[moto.Moto]:
    with needed(), moto.running(tmp_path_factory.mktemp("moto")) as running:
        yield running


@pytest.fixture
def shop(aws: moto.Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "hashistack.yaml").write_text(DESCRIPTOR % "eu-west-1")
    return tmp_path


def init_state(folder: Path, *arguments: str, environment: str = "production") -> Result:
    return run("init-state", "-e", environment, *arguments, cwd=folder)


def test_it_makes_a_bucket_and_says_what_to_write(aws: moto.Moto, shop: Path) -> None:
    result = init_state(shop)
    name = f"shop-state-{moto.ACCOUNT}"
    assert result.code == 0, result.err
    assert result.out == f"environments:\n  production:\n    state: {{bucket: {name}}}\n"
    assert f"made bucket {name} in eu-west-1" in result.err
    s3 = aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    assert '"aws:SecureTransport": "false"' in s3.get_bucket_policy(Bucket=name)["Policy"]
    assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 90


def test_run_again_it_changes_nothing(shop: Path) -> None:
    init_state(shop, "--bucket", "again")
    result = init_state(shop, "--bucket", "again", "--json")
    document = json.loads(result.out)
    assert (document["created"], document["turned_on"]) == (False, [])


def test_a_bucket_that_is_there_is_changed_only_if_somebody_says_so(aws: moto.Moto, shop: Path) -> None:
    place = {"LocationConstraint": "eu-west-1"}
    aws.client("s3").create_bucket(Bucket="old", CreateBucketConfiguration=place)
    refused = init_state(shop, "--bucket", "old")
    assert refused.code == 64
    assert "HS683" in refused.err
    assert aws.client("s3").get_bucket_versioning(Bucket="old").get("Status") is None
    agreed = init_state(shop, "--bucket", "old", "--yes")
    assert agreed.code == 0, agreed.err
    assert aws.client("s3").get_bucket_versioning(Bucket="old")["Status"] == "Enabled"


def test_the_first_region_takes_no_constraint_of_place(aws: moto.Moto, shop: Path) -> None:
    (shop / "hashistack.yaml").write_text(DESCRIPTOR % "us-east-1")
    assert init_state(shop, "--bucket", "first-region").code == 0
    location = aws.client("s3", "us-east-1").get_bucket_location(Bucket="first-region")
    assert location["LocationConstraint"] is None


def test_the_descriptor_names_it_already(shop: Path) -> None:
    (shop / "hashistack.yaml").write_text(DESCRIPTOR % "eu-west-1" + "    state: named\n")
    result = init_state(shop)
    assert (result.code, result.out) == (0, "")
    assert "the descriptor names it" in result.err


def test_credentials_of_another_account_are_refused(aws: moto.Moto, shop: Path) -> None:
    (shop / "hashistack.yaml").write_text(DESCRIPTOR % "eu-west-1" + '    account: "210987654321"\n')
    result = init_state(shop, "--bucket", "not-made")
    assert result.code == 69
    assert "of account 123456789012; production is in 210987654321" in result.err
    assert "not-made" not in [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]]


def test_only_aws_has_such_a_bucket(shop: Path) -> None:
    result = init_state(shop, environment="laptop")
    assert result.code == 64
    assert "HS680" in result.err
