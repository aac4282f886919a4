"""The bucket of Terraform's state in S3: look at it, make it, turn on what it lacks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hashistack.backends.aws import Aws, code, explained
from hashistack.diagnostics import BackendError, ConflictError
from hashistack.messages import state as messages
from hashistack.model import TerraformState
from hashistack.plan.state_bucket import ENCRYPTION, LIFECYCLE, PUBLIC_ACCESS, Bucket, Setting, tls_only

T = TypeVar("T")
_FIRST_REGION = "us-east-1"  # where S3 takes no constraint of place, and refuses its own name


def look(aws: Aws, wanted: TerraformState, account: str) -> Bucket | None:
    """Return what the bucket has, None if there is none.

    Raises ConflictError if it belongs to another account, BackendError if it is in another region.
    """
    client = aws.client("s3")
    if not _exists(client, wanted, account):
        return None
    with explained(f"looking at bucket {wanted.bucket}"):
        return Bucket(
            public_access=_or_none(lambda: _public_access(client, wanted.bucket)) or {},
            versioning=str(client.get_bucket_versioning(Bucket=wanted.bucket).get("Status", "")),
            encrypted=_or_none(lambda: client.get_bucket_encryption(Bucket=wanted.bucket)) is not None,
            policy=_or_none(lambda: json.loads(client.get_bucket_policy(Bucket=wanted.bucket)["Policy"])),
            lifecycle=_or_none(
                lambda: client.get_bucket_lifecycle_configuration(Bucket=wanted.bucket)["Rules"]
            ),
        )


def create(aws: Aws, wanted: TerraformState) -> None:
    """Make the bucket, and wait until it is everywhere."""
    place = {"CreateBucketConfiguration": {"LocationConstraint": wanted.region}}
    client = aws.client("s3")
    with explained(f"making bucket {wanted.bucket}"):
        client.create_bucket(Bucket=wanted.bucket, **({} if wanted.region == _FIRST_REGION else place))
        client.get_waiter("bucket_exists").wait(Bucket=wanted.bucket)


def turn_on(aws: Aws, wanted: TerraformState, bucket: Bucket, settings: Sequence[Setting]) -> None:
    """Give the bucket what it lacks; each setting may be turned on again without harm."""
    for setting in settings:
        with explained(f"turning on for bucket {wanted.bucket}: {setting}"):
            _turn_on(aws.client("s3"), wanted, bucket, setting)


def _turn_on(client: Any, wanted: TerraformState, bucket: Bucket, setting: Setting) -> None:
    name = wanted.bucket
    match setting:
        case "no public access":
            client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=PUBLIC_ACCESS)
        case "versions":
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        case "encryption":
            client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=ENCRYPTION)
        case "TLS only":
            client.put_bucket_policy(Bucket=name, Policy=json.dumps(tls_only(wanted, bucket.policy)))
        case "old versions end":
            client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=LIFECYCLE)


def _exists(client: Any, wanted: TerraformState, account: str) -> bool:
    from botocore.exceptions import ClientError

    with explained(f"looking for bucket {wanted.bucket}"):
        try:
            found = client.head_bucket(Bucket=wanted.bucket, ExpectedBucketOwner=account)
        except ClientError as error:
            return _refused(error, wanted, account)
    _check_region(found, wanted)
    return True


def _refused(error: Any, wanted: TerraformState, account: str) -> bool:
    """Tell that there is no bucket, or raise why it cannot be ours: S3 answers HEAD with a number alone."""
    match code(error):
        case "404" | "NoSuchBucket":
            return False
        case "403" | "AccessDenied":
            raise ConflictError(messages.foreign_bucket(wanted.bucket, account)) from None
        case _:
            _check_region(error.response, wanted)
            raise error


def _check_region(response: Any, wanted: TerraformState) -> None:
    found = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
    if found and found != wanted.region:
        raise BackendError(messages.bucket_elsewhere(wanted.bucket, found, wanted.region))


def _public_access(client: Any, name: str) -> dict[str, bool]:
    found: dict[str, bool] = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    return found


def _or_none(ask: Callable[[], T]) -> T | None:
    """Return the answer; None where S3 says that there is no such setting."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if code(error).startswith(("NoSuch", "ServerSideEncryptionConfigurationNotFound")):
            return None
        raise
