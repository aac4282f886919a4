"""What can be wrong with names: too long for DNS, taken twice in the cluster, kept for the cluster itself."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.descriptor import reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Finding, Value, place
from hashistack.messages import descriptor_meaning as messages

# A DNS label, RFC 1035 section 2.3.4; job and Consul names are such labels.
_LIMIT = 63
# Names of the ingress job and of the services that the agents register themselves.
RESERVED = ("ingress", "consul", "nomad")
# What a service can have beside its own: services of a role and jobs; a longest comes last.
ROLES = ("-setup", "-backup", "-member", "-archive", "-metrics", "-primary", "-replica")


def names(merged: Merged) -> Iterator[Finding]:
    """Yield what is wrong with the names of the app, its processes and services."""
    app = reading.text(merged.app, "app")
    if app in RESERVED:
        node = merged.app.entries["app"]
        yield place(node), messages.reserved_name(node.path, app)
    taken: dict[str, str] = {}
    if "release" in merged.app.entries:
        taken["release"] = "release"
    for kind in ("processes", "backing_services"):
        for name, node in reading.mapping(merged.app, kind).entries.items():
            claims = (name, *(name + role for role in ROLES)) if kind == "backing_services" else (name,)
            clash = next((claim for claim in claims if claim in taken), "")
            if clash:
                yield node.key, messages.name_taken(node.path, f"{app or 'APP'}-{clash}", taken[clash])
            for claim in claims:
                taken.setdefault(claim, node.path)
            longest = f"{app}-{claims[-1]}"
            if app and len(longest) > _LIMIT:
                yield node.key, messages.name_too_long(node.path, longest, _LIMIT)


def duplicates(nodes: Iterator[Value]) -> Iterator[tuple[Value, Value]]:
    """Yield every value that was there before, with the first of its kind."""
    first: dict[object, Value] = {}
    for node in nodes:
        if node.value in first:
            yield node, first[node.value]
        else:
            first[node.value] = node
