"""HS680 to HS689: the bucket of Terraform's state, as `hashistack init-state` makes it."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic


def only_aws(environment: str, target: str) -> Diagnostic:
    """The environment keeps its state where it is."""
    return Diagnostic(
        "HS680",
        f"{environment} has target {target}: the state of its Terraform stays on this machine",
        hint="only environments with target aws keep their state in a bucket",
    )


def foreign_bucket(bucket: str, account: str) -> Diagnostic:
    """The bucket is there, and AWS says neither whose it is nor what is in it."""
    return Diagnostic(
        "HS681",
        f"bucket {bucket} is not of account {account}: names of buckets are shared by the whole world",
        hint="choose another name (--bucket, or `state` in the descriptor); leave both out for one with the account's "
        "number in it. If the bucket is yours, these credentials lack s3:ListBucket on it",
    )


def bucket_elsewhere(bucket: str, found: str, wanted: str) -> Diagnostic:
    """The bucket is in another region than the descriptor says."""
    return Diagnostic(
        "HS682",
        f"bucket {bucket} is in {found}, not in {wanted}",
        path="state.region",
        hint=f"`state: {{bucket: {bucket}, region: {found}}}`",
    )


def confirmation_needed(bucket: str) -> Diagnostic:
    """There is no terminal to ask on."""
    return Diagnostic(
        "HS683",
        f"bucket {bucket} exists, and nobody can be asked whether its settings may be changed",
        hint="--yes goes ahead without asking",
    )
