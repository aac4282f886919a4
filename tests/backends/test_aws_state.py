"""Buckets that are not ours to change, as S3 answers for them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from hashistack.backends import aws_state
from hashistack.backends.aws import Aws
from hashistack.diagnostics import BackendError, ConflictError
from hashistack.model import TerraformState

WANTED = TerraformState("shop-state", "eu-west-1", "shop/production.tfstate")
ASKED = {"Bucket": "shop-state", "ExpectedBucketOwner": "123456789012"}


def answering(code: str, status: int, **headers: str) -> tuple[Aws, Stubber]:
    client: Any = boto3.client(
        "s3", region_name="eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    stub = Stubber(client)
    meta = {"HTTPHeaders": headers}
    stub.add_client_error(
        "head_bucket", code, http_status_code=status, expected_params=ASKED, response_meta=meta
    )
    stub.activate()
    return Aws("eu-west-1", {"s3": client}), stub


def test_a_bucket_of_another_account_is_refused() -> None:
    aws, stub = answering("403", 403)
    with pytest.raises(ConflictError, match="shop-state is not of account 123456789012") as raised:
        aws_state.look(aws, WANTED, "123456789012")
    assert raised.value.diagnostics[0].code == "HS681"
    stub.assert_no_pending_responses()


def test_a_bucket_that_is_not_there() -> None:
    aws, _ = answering("404", 404)
    assert aws_state.look(aws, WANTED, "123456789012") is None


def test_a_bucket_in_another_region_is_named() -> None:
    aws, _ = answering("301", 301, **{"x-amz-bucket-region": "eu-central-1"})
    with pytest.raises(BackendError, match="is in eu-central-1, not in eu-west-1"):
        aws_state.look(aws, WANTED, "123456789012")


def test_another_refusal_is_explained() -> None:
    aws, _ = answering("500", 500)
    with pytest.raises(BackendError, match="looking for bucket shop-state"):
        aws_state.look(aws, WANTED, "123456789012")
