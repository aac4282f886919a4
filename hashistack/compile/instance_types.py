"""What EC2's general machines have: processors, memory, clock and architecture, put together from their names.

From the answers of EC2's DescribeInstanceTypes as of November 2026; a test holds every type against a copy of them.
Bare-metal, network-optimized and other special types are not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hashistack.descriptor.machines import Architecture, architecture

__all__ = ["Architecture", "InstanceType", "architecture", "instance"]

_CLOCKS: dict[str, int] = {
    "t3": 2500, "t3a": 2200, "t4g": 2500,
    "m5": 3100, "m5a": 2500, "m6i": 3500, "m6a": 3600, "m6g": 2500,
    "m7i": 3200, "m7i-flex": 3200, "m7a": 3700, "m7g": 2600, "m8i": 3900, "m8a": 4500, "m8g": 2800,
    "c5": 3400, "c5a": 3300, "c6i": 3500, "c6a": 3600, "c6g": 2500,
    "c7i": 3200, "c7i-flex": 3200, "c7a": 3700, "c7g": 2600, "c8i": 3900, "c8a": 4500, "c8g": 2800,
    "r5": 3100, "r5a": 2500, "r6i": 3500, "r6a": 3600, "r6g": 2500,
    "r7i": 3200, "r7a": 3700, "r7g": 2600, "r8i": 3900, "r8a": 4500, "r8g": 2800,
}  # fmt: skip
"""The sustained clock by family in MHz; the greatest machines of c5 and of the eighth generation differ by a little."""
_MEMORY_PER_VCPU = {"m": 4096, "c": 2048, "r": 8192}
_BURSTING = {"nano": 512, "micro": 1024, "small": 2048, "medium": 4096, "large": 8192}
"""The memory in MiB of the sizes of the T family that have two processors; greater ones are as those of M."""


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One type of machine; `memory` in MiB, `clock` in MHz."""

    name: str
    vcpus: int
    memory: int
    clock: int
    architecture: Architecture


def instance(name: str) -> InstanceType | None:
    """Return what a machine of a type has, or None if the type is not known here."""
    family, _, size = name.partition(".")
    clock = _CLOCKS.get(family)
    if clock is None:
        return None
    bursting = family.startswith("t")
    vcpus = 2 if bursting and size in _BURSTING else _vcpus(size)
    if not vcpus:
        return None
    memory = _BURSTING.get(size) if bursting else None
    per_vcpu = _MEMORY_PER_VCPU["m" if bursting else family[0]]
    return InstanceType(name, vcpus, memory or vcpus * per_vcpu, clock, architecture(name))


def _vcpus(size: str) -> int:
    """Return the processors of a size: one in a medium, two in a large, four for each x of xlarge; 0 if unknown."""
    if size in ("medium", "large"):
        return ("medium", "large").index(size) + 1
    times = re.fullmatch("([1-9][0-9]?)?xlarge", size)
    return 4 * int(times[1] or 1) if times else 0
