"""Who runs a backing service, and what it takes from its neighbours when it does not say: where it keeps its data."""

from __future__ import annotations

from hashistack.descriptor import reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.nodes import Mapping

DOCUMENTS, OBJECTS, DATABASE = "mongodb", "object-storage", "postgres"


def of_type(app: Mapping, kind: str) -> tuple[str, ...]:
    """Return the names of the app's backing services of a type, in the order of the file."""
    return tuple(
        name for name, node in reading.mappings(app, "backing_services") if reading.text(node, "type") == kind
    )


def is_managed(merged: Merged, name: str) -> bool:
    """Tell whether a cloud runs a service, or may: where `managed` has a mistake nothing follows."""
    managed = merged.own.entries.get("managed")
    return reading.broken(merged.own, "managed") or (isinstance(managed, Mapping) and name in managed.entries)


def database(app: Mapping, node: Mapping, nodes: int) -> str | None:
    """Return the postgres service that a service keeps its data in: the one it names, or else the app's only one.

    Documents are always in one. An object storage keeps in it where its objects are, as soon as several nodes ask.
    """
    kind = reading.text(node, "type")
    if named := reading.text(node, "database"):
        return named
    if kind == DOCUMENTS or (kind == OBJECTS and nodes > 1):
        found = of_type(app, DATABASE)
        return found[0] if len(found) == 1 else None
    return None
