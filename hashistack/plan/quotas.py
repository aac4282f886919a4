"""The quotas of AWS that a stack can reach: their codes, and how much to ask for. Pure.

The codes are those of `aws service-quotas list-service-quotas`, the same in every region and account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hashistack.compile.instance_types import instance
from hashistack.diagnostics import Diagnostic
from hashistack.messages import aws_errors as say
from hashistack.model import Environment


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota; `usual` is what a new account has."""

    what: str
    service: str
    code: str
    usual: int


# The key is what the code of AWS's answer begins with.
_QUOTAS = {
    "Address": Quota("Elastic IPs", "ec2", "L-0263D0A3", 5),
    "VpcLimit": Quota("VPCs", "vpc", "L-F678F1CE", 5),
    "InternetGateway": Quota("internet gateways", "vpc", "L-A4707A72", 5),
    "NatGateway": Quota("NAT gateways in a zone", "vpc", "L-FE5A380F", 5),
    "SecurityGroupLimit": Quota("security groups", "vpc", "L-E79EC296", 2500),
}
_APPLICATION = Quota("Application Load Balancers", "elasticloadbalancing", "L-53DA6B97", 50)
_NETWORK = Quota("Network Load Balancers", "elasticloadbalancing", "L-69A177A2", 50)

# vCPUs are counted by the letter of the family: on demand, and as spot.
_STANDARD = ("L-1216C47A", "L-34B43A08")
_FAMILIES = {
    "g": ("L-DB2E81BA", "L-3819A6DF"),
    "vt": ("L-DB2E81BA", "L-3819A6DF"),
    "p": ("L-417A185B", "L-7212CCBC"),
}


def exceeded(code: str, text: str, address: str, environment: Environment) -> Diagnostic:
    """Return which quota is reached, by AWS's `code` or its words, and the request to make."""
    region = environment.region or "the region"
    quota = _quota(code, text, address, environment)
    if quota is None:
        what, service = re.search(r"exceed quota for (\w+)", text), re.search(r"operation error (\w+)", text)
        known = what[1] if what else f"of it ({code})"
        return say.quota_unknown(known, region, service[1].lower() if service else "SERVICE")
    return say.quota_exceeded(
        quota.what, region, quota.service, quota.code, quota.usual + _needed(quota, environment)
    )


def _quota(code: str, text: str, address: str, environment: Environment) -> Quota | None:
    if code.startswith(("Vcpu", "MaxSpot")):
        return _processors(code, text, address, environment)
    if code.startswith("TooManyLoadBalancers"):
        return _NETWORK if address.endswith(".tcp") else _APPLICATION
    return next((quota for start, quota in _QUOTAS.items() if code.startswith(start)), None)


def _processors(code: str, text: str, address: str, environment: Environment) -> Quota:
    """Return the quota of vCPUs of the machines that could not be had."""
    spot = code.startswith("MaxSpot")
    family = _family(address, environment)
    limit = re.search(r"vCPU limit of (\d+)", text)
    market = "spot machines" if spot else "machines on demand"
    letters = "" if family in _FAMILIES else "standard "
    return Quota(
        f"vCPUs of {letters}{market}",
        "ec2",
        _FAMILIES.get(family, _STANDARD)[spot],
        int(limit[1]) if limit else 0,
    )


def _family(address: str, environment: Environment) -> str:
    """Return the letters that a type begins with: "m" of m7g.large."""
    types = [environment.servers.type] if environment.servers and address.endswith(".server") else []
    types += environment.clients.types if environment.clients else ()
    found = re.match(r"[a-z]+", types[0]) if types else None
    return found[0] if found else ""


def _needed(quota: Quota, environment: Environment) -> int:
    """Return how much more is enough for the whole stack."""
    if quota.service == "ec2" and quota.what.startswith("vCPUs"):
        return processors(environment)
    return max(len(environment.zones), 1)


def processors(environment: Environment) -> int:
    """Return the vCPUs of all machines when there are as many as there may be."""
    servers, clients = environment.servers, environment.clients
    total = servers.count * _vcpus(servers.type) if servers else 0
    return total + (clients.max * max(map(_vcpus, clients.types), default=0) if clients else 0)


def _vcpus(kind: str) -> int:
    found = instance(kind)
    return found.vcpus if found else 2  # of the smallest types of every family
