"""Turn nodes into plain values, as a JSON document has them."""

from __future__ import annotations

from hashistack.descriptor.nodes import Mapping, Node, Scalar, Sequence
from hashistack.descriptor.scalars import resolve
from hashistack.descriptor.yaml import parse


def plain(node: Node) -> object:
    """Return `node` as dict, list, str, int, float, bool or None."""
    if isinstance(node, Mapping):
        return {name: plain(value) for name, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if isinstance(node, Scalar):
        return resolve(node.text) if node.plain else node.text
    return None


def parsed(text: str) -> object:
    """Return the value of YAML that is known to be right: an example of the schema."""
    tree, _ = parse(text)
    return None if tree is None else plain(tree)
