"""What AWS asks for, as the basis of an estimate: list prices on demand, in US dollars before taxes.

As they were known for us-east-1 at `AS_OF`, rounded and not held against AWS's price list since. What a region asks for
is estimated by one factor for everything, that of its m5.large; a bill differs by discounts, traffic and newer prices.
"""

from __future__ import annotations

AS_OF = "2025-10"
HOURS = 730
"""The hours of a month, as AWS counts them."""

SPOT = 0.4
"""What a spot instance costs on average, as a part of the price on demand; it changes by the hour."""

# The hour of a `large` machine; every other size of a family costs in proportion to its processors or, in the T
# families, to its memory.
_LARGE = {
    "t3": 0.0832, "t3a": 0.0752, "t4g": 0.0672,
    "m5": 0.096, "m5a": 0.086, "m6i": 0.096, "m6a": 0.0864, "m6g": 0.077,
    "m7i": 0.1008, "m7i-flex": 0.0958, "m7a": 0.1159, "m7g": 0.0816, "m8i": 0.1058, "m8a": 0.1217, "m8g": 0.0898,
    "c5": 0.085, "c5a": 0.077, "c6i": 0.085, "c6a": 0.0765, "c6g": 0.068,
    "c7i": 0.0893, "c7i-flex": 0.0848, "c7a": 0.1026, "c7g": 0.0725, "c8i": 0.0937, "c8a": 0.1077, "c8g": 0.0798,
    "r5": 0.126, "r5a": 0.113, "r6i": 0.126, "r6a": 0.1134, "r6g": 0.1008,
    "r7i": 0.1323, "r7a": 0.1522, "r7g": 0.1071, "r8i": 0.1389, "r8a": 0.1598, "r8g": 0.1178,
    "db.t3": 0.145, "db.t4g": 0.129, "db.m5": 0.178, "db.m6g": 0.159, "db.m6i": 0.178, "db.m7g": 0.168,
    "db.r5": 0.25, "db.r6g": 0.225, "db.r6i": 0.25, "db.r7g": 0.239,
    "cache.t3": 0.109, "cache.t4g": 0.103, "cache.m5": 0.125, "cache.m6g": 0.119, "cache.m7g": 0.126,
    "cache.r5": 0.173, "cache.r6g": 0.165, "cache.r7g": 0.175,
    "kafka.t3": 0.182, "kafka.m5": 0.21, "kafka.m7g": 0.204,
}  # fmt: skip
_DOCUMENTS = {"db.t3": 0.156, "db.t4g": 0.151, "db.r5": 0.277, "db.r6g": 0.263}
# In the T families of large = 1; of other families the number of processors counts.
_BURSTING = {
    "nano": 1 / 16,
    "micro": 1 / 8,
    "small": 1 / 4,
    "medium": 1 / 2,
    "large": 1,
    "xlarge": 2,
    "2xlarge": 4,
}

BALANCER = 0.0225
"""The hour of an Application or Network Load Balancer."""
BALANCER_CAPACITY = 0.008
"""One capacity unit of it for an hour."""
NAT = 0.045
"""The hour of a NAT gateway, and each GiB through it."""
ENDPOINT = 0.01
"""The hour of an interface endpoint in one zone, and each GiB through it."""
ADDRESS = 0.005
"""The hour of a public IPv4 address."""
VOLUME = 0.08
"""The month of a GiB on gp3."""
KEY = 1.0
"""The month of a KMS key."""
HOSTED_ZONE = 0.5
"""The month of a hosted zone."""
ALARM = 0.1
"""The month of a CloudWatch alarm."""
LOG = 0.5
"""A GiB taken in by CloudWatch Logs."""
OBJECTS = 0.023
"""The month of a GiB in S3."""
STORAGE = {"postgres": 0.115, "kafka": 0.1, "mongodb": 0.1}
"""The month of a GiB of a managed service, once for each node that has a copy."""

_FACTORS = {
    "us-east-1": 1.0, "us-east-2": 1.0, "us-west-2": 1.0, "us-west-1": 1.17, "ca-central-1": 1.11,
    "eu-west-1": 1.11, "eu-west-2": 1.16, "eu-west-3": 1.17, "eu-central-1": 1.2, "eu-north-1": 1.06,
    "eu-south-1": 1.17, "eu-south-2": 1.11,
    "ap-southeast-1": 1.25, "ap-southeast-2": 1.25, "ap-northeast-1": 1.29, "ap-northeast-2": 1.23,
    "ap-northeast-3": 1.29, "ap-south-1": 1.05, "ap-east-1": 1.38,
    "sa-east-1": 1.59, "me-south-1": 1.23, "af-south-1": 1.32,
}  # fmt: skip
_OTHER_REGIONS = 1.25


def factor(region: str) -> float:
    """Return what a region asks for, as a multiple of us-east-1; a middle one for a region not known here."""
    return _FACTORS.get(region, _OTHER_REGIONS)


def hour(instance: str, type_: str = "") -> float | None:
    """Return the hour of a machine in us-east-1, or None if it is not known.

    `instance` is EC2's own type, or that of a managed service of `type_`, such as db.t4g.small.
    """
    family, _, size = instance.rpartition(".")
    large = (_DOCUMENTS if type_ == "mongodb" else _LARGE).get(family)
    times = _times(family, size)
    return None if large is None or times is None else large * times


def _times(family: str, size: str) -> float | None:
    if family.rpartition(".")[2].startswith("t"):
        return _BURSTING.get(size)
    if size in ("medium", "large"):
        return {"medium": 0.5, "large": 1.0}[size]
    number = size.removesuffix("xlarge") or "1"
    return 2.0 * int(number) if size.endswith("xlarge") and number.isdecimal() else None
