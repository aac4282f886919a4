"""What happens to the resources of a cloud, in words."""

from __future__ import annotations

from hashistack.plan.progress import (
    Applied,
    Delegate,
    Event,
    Kept,
    PieceBegun,
    PieceDone,
    PieceFailed,
    PieceLasts,
    Replaced,
)
from hashistack.views import human

# What AWS needs minutes for; of the rest, only what has taken so many seconds is told.
_SLOW = (
    "aws_acm_certificate_validation.",
    "aws_autoscaling_group.",
    "aws_db_instance.",
    "aws_docdb_cluster",
    "aws_elasticache_replication_group.",
    "aws_lb.",
    "aws_msk_cluster.",
    "aws_nat_gateway.",
    "aws_vpc.",
)
_LONG = 20
_PROGRESS = {"create": "creating", "update": "changing", "delete": "deleting", "read": "reading"}
_PAST = {"create": "created", "update": "changed", "delete": "deleted", "read": "read"}


def notable(event: Event) -> bool:
    """Tell whether everybody wants to know: of the many pieces of a cloud only those that take their time."""
    match event:
        case PieceBegun(address):
            return address.startswith(_SLOW)
        case PieceDone(address, _, _, seconds):
            return address.startswith(_SLOW) or seconds >= _LONG
    return True


def doing(event: Event) -> str | None:
    """Return what goes on from this event on; None if that is what went on before."""
    match event:
        case PieceBegun(_, what, action):
            return f"{_PROGRESS.get(action, action)} {what}"
    return None


def said(event: Event) -> str:
    """Return what happened."""
    match event:
        case PieceBegun(_, what, action):
            return f"{_PROGRESS.get(action, action)} {what} …"
        case PieceLasts(_, what, action, seconds):
            return f"still {_PROGRESS.get(action, action)} {what} ({human.duration(seconds)})"
        case PieceDone(_, what, action, seconds):
            return f"{_PAST.get(action, action)} {what} ({human.duration(seconds)})"
        case PieceFailed(_, what, action):
            return f"{_PROGRESS.get(action, action)} {what} failed"
        case Replaced(old, new):
            return f"server {old} is replaced by {new}, which votes"
        case Applied(added, changed, removed):
            done = (("created", added), ("changed", changed), ("deleted", removed))
            return f"Terraform: {', '.join(f'{verb} {count}' for verb, count in done if count) or 'nothing to do'}"
        case Delegate(zone, servers):
            return f"name these servers where {zone} is registered, its certificate waits for it: {', '.join(servers)}"
        case Kept(count, place):
            return f"put {count} secrets into the parameters below {place}"
    raise TypeError(f"no words for {type(event).__name__}")
