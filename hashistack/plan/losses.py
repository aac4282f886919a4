"""What is lost for good when a cloud's resources are destroyed, and what forbids it: Terraform's state in. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hashistack.model import Dns
from hashistack.plan.concerns import noun

# Attributes by which a resource refuses to be deleted.
_GUARDS = ("deletion_protection", "enable_deletion_protection")
# Types that hold data: the attribute that is their name in AWS, and the one that lets them go with what is in them.
_HOLDERS = {
    "aws_db_instance": ("identifier", ""),
    "aws_rds_cluster": ("cluster_identifier", ""),
    "aws_docdb_cluster": ("cluster_identifier", ""),
    "aws_elasticache_replication_group": ("replication_group_id", ""),
    "aws_msk_cluster": ("cluster_name", ""),
    "aws_s3_bucket": ("bucket", "force_destroy"),
    "aws_ecr_repository": ("name", "force_delete"),
}

# Records of platforms that share the traffic: terraform/aws/_others.tf.j2
_OTHERS = "aws_route53_record.other_"

Contents = Callable[[str, str], str]
"""Tells what is in a bucket or a repository, by type and name: "1,204 objects", "" if nothing is."""


@dataclass(frozen=True, slots=True)
class Losses:
    """`resources` is how many there are; `data` and `guarded` are words: what is lost, and what refuses to go."""

    resources: int
    data: tuple[str, ...]
    guarded: tuple[str, ...]


def managed(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the resources that a state, as `terraform show -json` tells it, holds; data that was only read is none."""
    found = state.get("values", {}).get("root_module", {}).get("resources", [])
    return [each for each in found if each.get("mode") == "managed"]


def losses(state: Mapping[str, Any], contents: Contents) -> Losses:
    """Read the state as `terraform show -json` tells it."""
    there = managed(state)
    held = [(each, *_held(each, contents)) for each in there]
    return Losses(
        len(there),
        tuple(words for _, words, _ in held if words),
        tuple(words or _called(each) for each, words, guarded in held if guarded),
    )


def _held(resource: Mapping[str, Any], contents: Contents) -> tuple[str, bool]:
    """Return what data a resource holds, "" if none, and whether it refuses to be deleted."""
    values = resource.get("values") or {}
    guarded = any(values.get(guard) is True for guard in _GUARDS)
    if resource["type"] not in _HOLDERS:
        return "", guarded
    attribute, lets_go = _HOLDERS[resource["type"]]
    name = str(values.get(attribute) or resource["name"])
    if not lets_go:
        return f"{noun(resource['type'])} {name}{_copies(values)}", guarded
    inside = contents(resource["type"], name)
    words = f"{noun(resource['type'])} {name}: {inside}" if inside else ""
    return words, guarded or bool(inside and values.get(lets_go) is not True)


def _copies(values: Mapping[str, Any]) -> str:
    """Say that a last snapshot is left, which AWS then keeps and charges."""
    kept = values.get("skip_final_snapshot") is False or values.get("final_snapshot_identifier")
    return " (a last snapshot of it is kept)" if kept else ""


def _called(resource: Mapping[str, Any]) -> str:
    return " ".join(_parts(resource))


def _parts(resource: Mapping[str, Any]) -> Iterator[str]:
    yield noun(resource["type"])
    yield str((resource.get("values") or {}).get("name") or resource["name"])


def records_of_others(dns: Dns, addresses: Iterable[str]) -> tuple[str, ...]:
    """Return those addresses that are records of other platforms, which outlive this one.

    In a hosted zone that was made here there are none: it goes, and all records with it.
    """
    return () if dns.create else tuple(each for each in addresses if each.startswith(_OTHERS))
