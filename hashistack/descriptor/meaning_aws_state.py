"""What can be wrong with where Terraform keeps its state: two environments in one, a bucket in two regions."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.descriptor import reading
from hashistack.descriptor.nodes import Finding, Mapping, Value, place
from hashistack.messages import descriptor_aws as messages


def shared_states(root: Mapping) -> Iterator[Finding]:
    """Find environments that write over each other's state, or look for one bucket in different regions."""
    environments = [
        (name, own)
        for name, own in reading.mappings(root, "environments")
        if reading.mapping(own, "state").entries
    ]
    yield from _one_object(reading.text(root, "app"), environments)
    yield from _one_region(environments)


def _one_object(app: str, environments: list[tuple[str, Mapping]]) -> Iterator[Finding]:
    """Compare the keys; only those that were chosen can be the same."""
    seen: dict[tuple[str, str], str] = {}
    states = [(name, reading.mapping(own, "state")) for name, own in environments]
    # Written keys last: a clash with a default is shown where somebody can change it.
    for name, state in sorted(states, key=lambda each: "key" in each[1].entries):
        bucket, key = reading.text(state, "bucket"), reading.text(state, "key") or f"{app}/{name}.tfstate"
        other, node = seen.setdefault((bucket, key), name), state.entries.get("key")
        if bucket and other != name and isinstance(node, Value):
            yield place(node), messages.shared_state(node.path, bucket, key, other)


def _one_region(environments: list[tuple[str, Mapping]]) -> Iterator[Finding]:
    seen: dict[str, tuple[str, str]] = {}
    for name, own in environments:
        state = reading.mapping(own, "state")
        region = reading.text(state, "region") or reading.text(own, "region")
        node = state.entries.get("bucket")
        if not region or not isinstance(node, Value) or reading.broken(state, "region"):
            continue
        bucket = str(node.value)
        environment, other = seen.setdefault(bucket, (name, region))
        if region != other:
            yield place(node), messages.two_regions(node.path, bucket, region, other, environment)
