"""What a change of the infrastructure costs: data that is lost, answers that fail, machines that are replaced. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from hashistack.plan.changes import Change, Summary

Kind = Literal["loses data", "interrupts", "changes addresses", "shifts traffic", "refreshes", "waits"]
"""From the worst to the mildest."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing to know before saying yes; `why` is a sentence about the change at `address`."""

    kind: Kind
    address: str
    why: str


_KINDS: Sequence[Kind] = get_args(Kind)

# Types that hold what nobody can make again, and what becomes of it.
_HOLDS = {
    "aws_db_instance": "the database is removed: what it holds stays only in snapshots",
    "aws_docdb_cluster": "the database is removed: what it holds stays only in snapshots",
    "aws_elasticache_replication_group": "the cache is removed with all that is in it",
    "aws_msk_cluster": "all topics are removed with their messages",
    "aws_s3_bucket": "the bucket is removed; AWS refuses as long as objects are in it",
    "aws_kms_key": "what is encrypted with the key cannot be read any more once AWS has deleted it",
    "aws_ecr_repository": "all images of the repository are removed",
}
# Types without which nothing answers while they are made anew.
_CARRIES = {
    "aws_vpc": "the whole network",
    "aws_subnet": "the machines of the zone",
    "aws_nat_gateway": "connections from the machines to the internet",
    "aws_internet_gateway": "all connections from and to the internet",
    "aws_lb": "all requests, and the load balancer's name changes",
    "aws_lb_listener": "all requests of the load balancer",
    "aws_lb_target_group": "all requests of the load balancer",
    "aws_autoscaling_group": "all machines of the group at once",
    "aws_route53_zone": "all names of the domain: its name servers change",
    "aws_acm_certificate": "HTTPS, if the new certificate is not issued",
}
# Changes in place after which a service starts again, by type.
_RESTARTS = {
    "aws_db_instance": ("instance_class", "engine_version", "parameter_group_name"),
    "aws_docdb_cluster": ("engine_version",),
    "aws_docdb_cluster_instance": ("instance_class",),
    "aws_elasticache_replication_group": ("node_type", "engine_version"),
}


def marks(summary: Summary) -> tuple[Mark, ...]:
    """Return what to know about the changes, the worst first."""
    found = [mark for change in summary.changes for mark in _marks(change)]
    return tuple(sorted(found, key=lambda mark: (_KINDS.index(mark.kind), mark.address)))


def _marks(change: Change) -> Iterator[Mark]:
    gone = change.action in ("replace", "destroy")
    if gone and change.type in _HOLDS:
        yield Mark("loses data", change.address, _HOLDS[change.type])
    if gone and change.type == "aws_eip":
        yield Mark(
            "changes addresses", change.address, "partners that let this address in have to let in another"
        )
    if change.action == "replace" and change.type in _CARRIES:
        yield Mark(
            "interrupts", change.address, f"interrupted until it stands again: {_CARRIES[change.type]}"
        )
    if change.action == "update":
        yield from _in_place(change)


def _in_place(change: Change) -> Iterator[Mark]:
    if change.changes(*_RESTARTS.get(change.type, ())):
        yield Mark("interrupts", change.address, "it starts again: connections break, for a minute or so")
    if change.type == "aws_launch_template":
        yield _machines(change)
    if change.type == "aws_route53_record" and change.changes("weighted_routing_policy"):
        yield Mark("shifts traffic", change.address, "its share of the traffic changes")
    if change.type == "aws_autoscaling_group" and change.changes("min_size", "max_size"):
        yield Mark(
            "refreshes", change.address, "machines are started, or drained and ended, to keep within it"
        )


def _machines(change: Change) -> Mark:
    if change.name == "client":
        return Mark(
            "refreshes", change.address, "clients are replaced: new ones join, then old ones are drained"
        )
    return Mark("waits", change.address, "servers that run stay as they are until `hashistack upgrade`")
