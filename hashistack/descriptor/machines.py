"""What the name of an EC2 instance type says."""

from __future__ import annotations

import re
from typing import Literal

Architecture = Literal["amd64", "arm64"]


def architecture(name: str) -> Architecture:
    """Return the architecture of an instance type: a `g` after the family's generation stands for Graviton."""
    family = name.partition(".")[0]
    return "arm64" if family == "a1" or re.match("[a-z]+[0-9]+[a-z]*g", family) else "amd64"
