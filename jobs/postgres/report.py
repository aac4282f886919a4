"""Print how the cluster is, from what Patroni's REST API of this node says."""

from __future__ import annotations

import json
import os
import ssl
import sys
import urllib.request
from typing import Any

STATES = ("running", "streaming", "in archive recovery")
STANDBYS = ("sync_standby", "quorum_standby")


def main() -> int:
    """Print lines KEY=VALUE; when Patroni does not answer, say so on standard error and return 1."""
    try:
        members = ask("/cluster")["members"]
        version = ask("/patroni")["server_version"]
    except (OSError, KeyError, ValueError) as error:
        sys.stderr.write(f"Patroni on this node does not answer: {error}\n")
        return 1
    for name, value in report(members, int(os.environ["MEMBER_NODES"])).items():
        sys.stdout.write(f"{name}={value}\n")
    sys.stdout.write(f"version={version // 10000}.{version % 10000}\n")
    return 0


def ask(path: str) -> Any:
    """Return the JSON document at a path of this node's Patroni, which is known by its certificate."""
    context = ssl.create_default_context(cafile="/secrets/ca.pem")
    url = os.environ["PATRONI"] + path
    with urllib.request.urlopen(url, timeout=5, context=context) as answer:  # noqa: S310 - https, of this node
        return json.load(answer)


def report(members: list[dict[str, Any]], nodes: int) -> dict[str, str]:
    """Say who leads, whether every copy is there, and whether those that answer not could be done without."""
    up = [member for member in members if member["state"] in STATES]
    leader = next((member for member in up if member["role"] == "leader"), None)
    standbys = [member for member in up if member["role"] in STANDBYS and member["state"] == "streaming"]
    lags = [member["lag"] for member in members if isinstance(member.get("lag"), int)]
    safe = leader is not None and (bool(standbys) or nodes == 1)
    found = {
        "leader": number(leader) if leader else "",
        "quorum": word(leader is not None),
        "full": word(safe and len(standbys) == nodes - 1),
        "safe": word(safe),
        "lag": f"{max(lags, default=0)} bytes",
    }
    if not safe:
        found["unsafe"] = "no replica has all commits" if leader else "no node is the primary"
    return found | {f"member.{number(each)}": line(each) for each in members}


def line(member: dict[str, Any]) -> str:
    """Return a member's address, role and state."""
    role = "leader" if member["role"] == "leader" else "replica"
    return f"{member['host']} {role} {member['state'].replace(' ', '-')}"


def number(member: dict[str, Any]) -> str:
    """Return the number of the member that Patroni knows as node-<number>."""
    return str(member["name"]).removeprefix("node-")


def word(value: bool) -> str:
    """Return yes or no."""
    return "yes" if value else "no"


if __name__ == "__main__":
    sys.exit(main())
