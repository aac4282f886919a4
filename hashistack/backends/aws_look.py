"""What stands between an account of AWS and an environment: all of it is found before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hashistack.backends.aws import Aws, explained
from hashistack.diagnostics import BackendError, Diagnostic
from hashistack.messages import aws as messages
from hashistack.model import Environment

# docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html: Running On-Demand Standard instances
_QUOTA = "L-1216C47A"
_STANDARD = tuple("acdhimrtz")  # the families that the quota is about
_PUBLIC = False


@dataclass(frozen=True, slots=True)
class Group:
    """Machines of one group: the key of the descriptor, the types of which any will do, and how many there may be."""

    key: str
    types: tuple[str, ...]
    least: int
    most: int


def obstacles(aws: Aws, environment: Environment, prefix: str) -> tuple[Diagnostic, ...]:
    """Return all that forbids a start, and warnings; raise where nothing can be asked at all."""
    aws.account()
    if problem := other_account(aws, environment):
        return (problem,)
    groups = _groups(environment)
    checks: tuple[Callable[[], Iterator[Diagnostic]], ...] = (
        partial(_zones, aws, environment),
        partial(_hosted_zone, aws, environment),
        partial(_types, aws, environment, groups),
        partial(_quota, aws, groups, prefix),
    )
    return tuple(problem for check in checks for problem in _asked(check))


def other_account(aws: Aws, environment: Environment) -> Diagnostic | None:
    """Return what to say if the credentials are not of the account that the descriptor names."""
    wanted = environment.cloud.account if environment.cloud else None
    if not wanted or (found := aws.account()) == wanted:
        return None
    return messages.other_account(found, wanted)


def name_servers(aws: Aws, zone: str) -> tuple[str, ...]:
    """Return the name servers of a hosted zone; raise where there is none of that name."""
    route53 = aws.client("route53")
    with explained(f"asking for the name servers of {zone}"):
        named = route53.list_hosted_zones_by_name(DNSName=zone)["HostedZones"]
        public = (each for each in named if each.get("Config", {}).get("PrivateZone", _PUBLIC) is _PUBLIC)
        return tuple(route53.get_hosted_zone(Id=next(public)["Id"])["DelegationSet"]["NameServers"])


def _asked(check: Callable[[], Iterator[Diagnostic]]) -> tuple[Diagnostic, ...]:
    """Return what a check finds; what it may not ask is one of the problems."""
    try:
        return tuple(check())
    except BackendError as error:
        return error.diagnostics


def _groups(environment: Environment) -> tuple[Group, ...]:
    servers, clients = environment.servers, environment.clients
    return (
        *((Group("servers.type", (servers.type,), servers.count, servers.count),) if servers else ()),
        *((Group("clients.types", clients.types, clients.min, clients.max),) if clients else ()),
    )


def _zones(aws: Aws, environment: Environment) -> Iterator[Diagnostic]:
    with explained("listing the zones"):
        answer = aws.client("ec2").describe_availability_zones(
            Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
        )
    there = sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"] if zone["State"] == "available")
    if missing := [zone for zone in environment.zones if zone not in there]:
        yield messages.zones_missing(missing, aws.region, there)


def _hosted_zone(aws: Aws, environment: Environment) -> Iterator[Diagnostic]:
    dns = environment.cloud.dns if environment.cloud else None
    if dns is None or dns.create:
        return
    there = []
    with explained("listing the hosted zones"):
        for page in aws.client("route53").get_paginator("list_hosted_zones").paginate():
            there += [
                zone["Name"].rstrip(".")
                for zone in page["HostedZones"]
                if zone.get("Config", {}).get("PrivateZone", _PUBLIC) is _PUBLIC
            ]
    if dns.zone not in there:
        yield messages.no_hosted_zone(dns.zone, sorted(there))


def _types(aws: Aws, environment: Environment, groups: Sequence[Group]) -> Iterator[Diagnostic]:
    names = sorted({each for group in groups for each in group.types})
    offers: dict[str, set[str]] = {name: set() for name in names}
    with explained("asking where instance types are offered"):
        pages = aws.client("ec2").get_paginator("describe_instance_type_offerings")
        filters = [{"Name": "instance-type", "Values": names}]
        for page in pages.paginate(LocationType="availability-zone", Filters=filters):
            for each in page["InstanceTypeOfferings"]:
                offers[each["InstanceType"]].add(each["Location"])
    for group in groups:
        somewhere = {zone for name in group.types for zone in offers[name]}
        for zone in environment.zones:
            if zone not in somewhere:
                yield messages.type_not_offered(group.key, group.types, zone, sorted(somewhere))
        yield from _architectures(aws, group, [name for name in group.types if offers[name]])


def _architectures(aws: Aws, group: Group, offered: Sequence[str]) -> Iterator[Diagnostic]:
    kinds = {
        each["InstanceType"]: set(each["ProcessorInfo"]["SupportedArchitectures"])
        for each in _described(aws, offered)
    }
    if kinds and not set.intersection(*kinds.values()):
        told = [f"{name}: {', '.join(sorted(each))}" for name, each in sorted(kinds.items())]
        yield messages.mixed_architectures(group.key, told)


def _quota(aws: Aws, groups: Sequence[Group], prefix: str) -> Iterator[Diagnostic]:
    """Compare the vCPUs that are needed with those that may run; who may not read the quota finds out later."""
    try:
        with explained("reading the quota of vCPUs"):
            answer = aws.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=_QUOTA)
        quota, used = int(answer["Quota"]["Value"]), _running(aws, prefix)
        sizes = {each["InstanceType"]: _size(each) for each in _described(aws, _standard(groups))}
    except BackendError:
        return
    least, most = (_vcpus(groups, sizes, which) for which in ("least", "most"))
    if used + most > quota:
        need = least if used + least > quota else most
        request = (
            f"aws service-quotas request-service-quota-increase --region {aws.region} --service-code ec2 "
            f"--quota-code {_QUOTA} --desired-value {used + most}"
        )
        yield messages.quota_too_small(need, quota, used, request, soon=used + least <= quota)


def _vcpus(groups: Sequence[Group], sizes: dict[str, int], which: str) -> int:
    """Return how many vCPUs the groups take if AWS starts the largest of their types."""
    return sum(
        getattr(group, which) * max((sizes.get(name, 0) for name in group.types), default=0)
        for group in groups
    )


def _running(aws: Aws, prefix: str) -> int:
    """Return the vCPUs of the machines that run and are not of this environment."""
    total = 0
    with explained("listing the machines that run"):
        pages = aws.client("ec2").get_paginator("describe_instances")
        for page in pages.paginate(
            Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        ):
            for reservation in page["Reservations"]:
                total += sum(_cores(each) for each in reservation["Instances"] if not _ours(each, prefix))
    return total


def _cores(instance: dict[str, Any]) -> int:
    options = instance.get("CpuOptions") or {}
    standard = str(instance["InstanceType"]).startswith(_STANDARD)
    on_demand = instance.get("InstanceLifecycle") != "spot"
    return (
        int(options.get("CoreCount", 0)) * int(options.get("ThreadsPerCore", 1))
        if standard and on_demand
        else 0
    )


def _ours(instance: dict[str, Any], prefix: str) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return tags.get("hashistack-join", "") in (f"{prefix}-server", f"{prefix}-client")


def _standard(groups: Sequence[Group]) -> list[str]:
    return sorted({name for group in groups for name in group.types if name.startswith(_STANDARD)})


def _size(described: dict[str, Any]) -> int:
    return int(described["VCpuInfo"]["DefaultVCpus"])


def _described(aws: Aws, names: Sequence[str]) -> list[dict[str, Any]]:
    if not names:
        return []
    with explained("asking what instance types are"):
        answer = aws.client("ec2").describe_instance_types(InstanceTypes=list(names))
    return list(answer["InstanceTypes"])
