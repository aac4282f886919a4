"""Buckets of Amazon S3."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.aws.services.named import LONGEST_PREFIX, PREFIX, Named, fitted, named
from hashistack.model import BackingService, Stack
from hashistack.render.hcl import Hcl, interpolated

_ACCOUNT = Hcl("data.aws_caller_identity.current.account_id")
_LONGEST = 63  # docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_ACCOUNT_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket: its name in the descriptor, that of its resources, and that in S3."""

    name: str
    label: str
    aws: Hcl


@dataclass(frozen=True, slots=True)
class ObjectStorageView:
    """What `service-object-storage.tf.j2` shows; `first` is the bucket that is an output."""

    named: Named
    label: str
    buckets: tuple[Bucket, ...]
    first: Bucket


def view(stack: Stack, service: BackingService) -> ObjectStorageView:
    """Return the view of managed buckets."""
    buckets = tuple(_bucket(service, name) for name in service.buckets)
    return ObjectStorageView(
        named=named(stack, service, longest=64),
        label=f"service_{service.name}",
        buckets=buckets,
        first=buckets[0],
    )


def _bucket(service: BackingService, name: str) -> Bucket:
    """Return a bucket with a name that nobody else on S3 has: the account is in it."""
    room = _LONGEST - LONGEST_PREFIX - _ACCOUNT_DIGITS - 2
    full = name if name == service.name else f"{service.name}-{name}"
    label = f"service_{service.name}" if name == service.name else f"service_{service.name}_{name}"
    return Bucket(name, label, interpolated(PREFIX, "-", _ACCOUNT, f"-{fitted(full, room)}"))
