"""Names: which records lead to the load balancers, and who shares their traffic.

The weighted records of one name must all be of one type, and the apex of a zone can have no CNAME
(docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-weighted.html). So beside a platform that
is only known by a foreign name all records are CNAMEs, else all are A; and the apex can be shared only with what
Route 53 has an alias for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from hashistack.compile.aws import entrances
from hashistack.model import Dns, OtherRecord, Stack
from hashistack.render.hcl import Hcl

Kind = Literal["address", "balancer", "distribution", "record", "name"]
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
# name-id.region.elb.amazonaws.com is an Application or Classic Load Balancer, name-id.elb.region.amazonaws.com a
# Network Load Balancer: docs.aws.amazon.com/general/latest/gr/elb.html.
_APPLICATION = re.compile(r"[^.]+\.(?P<region>[a-z0-9-]+)\.elb\.amazonaws\.com(\.cn)?")
_NETWORK = re.compile(r"[^.]+\.elb\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")

# The hosted zone of all distributions: docs.aws.amazon.com/general/latest/gr/cf_region.html.
_DISTRIBUTIONS = "Z2FDTNDATAQYW2"


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer of somebody else: its region, and its type as Terraform calls it."""

    region: str
    type: Literal["application", "network"]


@dataclass(frozen=True, slots=True)
class Other:
    """The records of another platform, in all names that it shares."""

    name: str
    target: str
    weight: int
    kind: Kind
    balancer: Balancer | None

    @property
    def resource(self) -> str:
        """Return what its records are called in Terraform."""
        return f"other_{self.name}"

    @property
    def apex(self) -> str:
        """Return what its record at the apex is called in Terraform."""
        return f"{self.resource}_apex"

    @property
    def alias_zone(self) -> str:
        """Return the hosted zone that an alias for it names; only for what Route 53 has an alias for."""
        if self.kind == "balancer":
            return Hcl(f"data.aws_lb_hosted_zone_id.{self.resource}.id")
        return _DISTRIBUTIONS if self.kind == "distribution" else Hcl("local.zone_id")


@dataclass(frozen=True, slots=True)
class Names:
    """The records of the routes: `apex` is the name of the zone itself if a route has it, `hosts` are those below it.

    `weight` is None where all traffic comes here; `type` is that of the records of `hosts`, and of `others` beside
    them.
    """

    zone: str
    create: bool
    weight: int | None
    apex: str | None
    hosts: tuple[str, ...]
    type: Literal["A", "CNAME"]
    others: tuple[Other, ...]


def names(stack: Stack, dns: Dns) -> Names:
    """Return the records that the public routes of an app need."""
    hosts = entrances.public_hosts(stack)
    others = tuple(_other(record, dns.zone) for record in dns.others)
    return Names(
        zone=dns.zone,
        create=dns.create,
        weight=dns.weight,
        apex=dns.zone if dns.zone in hosts else None,
        hosts=tuple(host for host in hosts if host != dns.zone),
        type="CNAME" if any(other.kind == "name" for other in others) else "A",
        others=others,
    )


def kind(target: str, zone: str) -> Kind:
    """Return what a target is for Route 53: all but a foreign `name` can stand beside an A record of `zone`."""
    if _ADDRESS.fullmatch(target):
        return "address"
    if _balancer(target):
        return "balancer"
    if target.endswith(".cloudfront.net"):
        return "distribution"
    return "record" if within(target, zone) else "name"


def within(host: str, zone: str) -> bool:
    """Tell whether a name is the zone's or below it."""
    return host == zone or host.endswith(f".{zone}")


def _other(record: OtherRecord, zone: str) -> Other:
    found = kind(record.target, zone)
    balancer = _balancer(record.target) if found == "balancer" else None
    return Other(record.name, record.target, record.weight, found, balancer)


def _balancer(target: str) -> Balancer | None:
    if match := _APPLICATION.fullmatch(target):
        return Balancer(match["region"], "application")
    if match := _NETWORK.fullmatch(target):
        return Balancer(match["region"], "network")
    return None
