"""The versions of Nomad and Consul that servers are started with, before and after a plan of Terraform. Pure."""

from __future__ import annotations

import binascii
import gzip
import re
import zlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

TEMPLATE = "aws_launch_template.server"
_VERSIONS = re.compile(r"^(NOMAD|CONSUL)_VERSION='([^']*)'$", re.MULTILINE)


def other_versions(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a plan, as Terraform shows it, changes for servers that are there: "Nomad 1.11.3 to 1.11.4".

    A launch template that is new, or whose user data nobody can read, changes nothing.
    """
    changes = (each["change"] for each in plan.get("resource_changes", ()) if each["address"] == TEMPLATE)
    before, after = next(
        ((_versions(change.get("before")), _versions(change.get("after"))) for change in changes), ({}, {})
    )
    return tuple(
        f"{product.capitalize()} {version} to {after[product]}"
        for product, version in before.items()
        if after.get(product, version) != version
    )


def _versions(template: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the versions by product, in the order of the user data: gzip in base64."""
    data = (template or {}).get("user_data") or ""
    try:
        text = gzip.decompress(b64decode(data)).decode(errors="replace") if data else ""
    except (binascii.Error, OSError, EOFError, zlib.error):
        text = ""
    return dict(_VERSIONS.findall(text))
