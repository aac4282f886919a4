"""The bucket of Terraform's state: what it must have, and what one that is there lacks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hashistack.model import Stack, TerraformState

Setting = Literal["no public access", "versions", "encryption", "TLS only", "old versions end"]
_SID = "OnlyWithTls"
_PUBLIC = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_LONGEST = 63  # docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html

PUBLIC_ACCESS = dict.fromkeys(_PUBLIC, True)
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
LIFECYCLE = {
    "Rules": [
        {
            "ID": "old-versions-end",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 20},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
}
"""A version that is no more the current one stays for 90 days, and the last 20 stay as long as there are no more."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a bucket has; `policy` and `lifecycle` are None where there is none."""

    public_access: Mapping[str, bool]
    versioning: str
    encrypted: bool
    policy: Mapping[str, Any] | None
    lifecycle: Sequence[object] | None


NEW = Bucket({}, "", False, None, None)
"""A bucket that has just been made."""


def place(stack: Stack, account: str, name: str | None) -> TerraformState:
    """Return where the state is to be: as the descriptor says, under the name given, or under one of our own."""
    environment = stack.environment
    region = environment.region or ""
    described = environment.cloud.state if environment.cloud else None
    key = described.key if described else f"{stack.app}/{environment.name}.tfstate"
    if described and name in (None, described.bucket):
        return described
    return TerraformState(name or f"{stack.app[: _LONGEST - len(account) - 7]}-state-{account}", region, key)


def lacks(bucket: Bucket, wanted: TerraformState) -> Iterator[Setting]:
    """Yield what has to be turned on; what is there in another form, such as a KMS key, stays as it is."""
    if not all(bucket.public_access.get(each) for each in _PUBLIC):
        yield "no public access"
    if bucket.versioning != "Enabled":
        yield "versions"
    if not bucket.encrypted:
        yield "encryption"
    if bucket.policy is None or tls_only(wanted, bucket.policy) != bucket.policy:
        yield "TLS only"
    if not bucket.lifecycle:
        yield "old versions end"


def tls_only(wanted: TerraformState, policy: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return a policy that refuses requests without TLS beside what it says already."""
    statements = list((policy or {}).get("Statement", ()))
    if any(statement.get("Sid") == _SID for statement in statements):
        return policy or {}
    arn = f"arn:{_partition(wanted.region)}:s3:::{wanted.bucket}"
    ours = {
        "Sid": _SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {**(policy or {"Version": "2012-10-17"}), "Statement": [*statements, ours]}


def _partition(region: str) -> str:
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")
