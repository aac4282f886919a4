"""Receipts as objects in a bucket, S3's or one that speaks like it."""

import os

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError


def connect() -> BaseClient:
    """Return a client of UPLOADS_ENDPOINT; it connects when it is first used."""
    environ = os.environ
    return boto3.client(
        "s3",
        endpoint_url=environ["UPLOADS_ENDPOINT"],
        region_name=environ["UPLOADS_REGION"],
        aws_access_key_id=environ["UPLOADS_ACCESS_KEY"],
        aws_secret_access_key=environ["UPLOADS_SECRET_KEY"],
        verify=environ.get("UPLOADS_CA") or True,
        config=Config(
            connect_timeout=3,
            read_timeout=6,
            retries={"total_max_attempts": 3},
            s3={"addressing_style": "path"},
        ),
    )


def keep(number: str, text: str) -> None:
    """Store the receipt of an order."""
    connect().put_object(Bucket=_bucket(), Key=f"receipts/{number}.txt", Body=text.encode())


def find(number: str) -> str | None:
    """Return the receipt of an order, None if there is none."""
    try:
        return connect().get_object(Bucket=_bucket(), Key=f"receipts/{number}.txt")["Body"].read().decode()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None
        raise


def check() -> None:
    """Store an object and read it again."""
    keep("check", "check")
    if find("check") != "check":
        raise ValueError("what was read is not what was written")


def _bucket() -> str:
    return os.environ["UPLOADS_BUCKET"]
