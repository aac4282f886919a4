"""How things are called in AWS: everything of an environment begins with one prefix."""

from __future__ import annotations

import hashlib

from hashistack.model import Stack

# The name of a load balancer has 32 characters at most: that leaves 10 for what it is.
_LONGEST = 22
_DIGITS = 4
# Reserved by SSM ("aws", "ssm": parameters), by load balancers ("internal-"), by EC2 ("sg-": security groups) and by S3
# ("sthree-", "xn--").
_RESERVED = ("aws", "ssm", "internal-", "sg-", "sthree-", "xn-")


def prefix(stack: Stack) -> str:
    """Return `<app>-<environment>`, at most 22 characters long and fit for every service: no two hyphens in a row."""
    name = f"{stack.app}-{stack.environment.name}"
    short = name
    while "--" in short:
        short = short.replace("--", "-")
    if short.startswith(_RESERVED):
        short = f"app-{short}"
    if short == name and len(short) <= _LONGEST:
        return short
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{short[: _LONGEST - _DIGITS - 1].rstrip('-')}-{digest}"
