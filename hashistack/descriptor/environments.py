"""Apply the overrides of an environment: mappings key by key, lists and single values as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hashistack.descriptor import reading
from hashistack.descriptor.nodes import FILE_START, Finding, Mapping, Node, Value
from hashistack.descriptor.schema import APP, APP_KEYS
from hashistack.descriptor.suggest import closest
from hashistack.descriptor.types import MapOf, Record, Type
from hashistack.messages import descriptor as shape_messages
from hashistack.messages import descriptor_meaning as messages
from hashistack.model import Reference

DEFAULT_NAME = "local"


@dataclass(frozen=True, slots=True)
class Merged:
    """The app as one environment has it.

    `own` is what the environment says itself, `app` the rest with its overrides, `domains` those of all
    environments. `absent` are the backing services that are left out: neither they nor variables that refer to them
    are in `app`.
    """

    name: str
    app: Mapping
    own: Mapping
    domains: tuple[str, ...]
    absent: frozenset[str] = frozenset()

    @property
    def target(self) -> str:
        """Return the target, or "" if it is broken."""
        return reading.text(self.own, "target")

    @property
    def domain(self) -> str:
        """Return the domain; a local environment has one of its own if none is given."""
        if domain := reading.text(self.own, "domain"):
            return domain
        app = reading.text(self.app, "app")
        return f"{app}.localhost" if self.target == "local" and "domain" not in self.own.entries else ""


def merged(root: Mapping) -> tuple[Merged, ...]:
    """Return the app in each of its environments, sorted by name."""
    base = Mapping(
        root.path, root.key, root.mark, {k: v for k, v in root.entries.items() if k != "environments"}
    )
    if "environments" not in root.entries:
        return (_without_absent(Merged(DEFAULT_NAME, base, _implicit(root), ())),)
    environments = dict(reading.mappings(root, "environments"))
    domains = tuple(
        sorted({domain for own in environments.values() if (domain := reading.text(own, "domain"))})
    )
    whole = (Merged(name, _apply(base, own), own, domains) for name, own in sorted(environments.items()))
    return tuple(map(_without_absent, whole))


def unknown_overrides(root: Mapping) -> Iterator[Finding]:
    """Find processes and services that only an environment names."""
    for _, own in reading.mappings(root, "environments"):
        for kind in ("processes", "backing_services"):
            known = reading.mapping(root, kind).entries
            for name, node in reading.mapping(own, kind).entries.items():
                if name not in known and not reading.broken(root, kind):
                    yield node.key, messages.unknown_override(node.path, kind, name, closest(name, known))


def incomplete(merged: Merged) -> Iterator[Finding]:
    """Find what an environment adds without all that it needs; only the merged app can tell."""
    return _missing(merged.app, APP)


def merge(base: Node, override: Node) -> Node:
    """Return `base` with `override` laid over it; what is only in one of them stays."""
    if not (isinstance(base, Mapping) and isinstance(override, Mapping)):
        return override
    entries = dict(base.entries)
    for name, node in override.entries.items():
        entries[name] = merge(entries[name], node) if name in entries else node
    return Mapping(base.path, base.key, base.mark, entries)


def _apply(base: Mapping, own: Mapping) -> Mapping:
    entries = dict(base.entries)
    for name in APP_KEYS:
        if name not in own.entries:
            continue
        override = own.entries[name]
        if name in ("processes", "backing_services") and isinstance(override, Mapping):
            known = reading.mapping(base, name).entries
            kept = {key: node for key, node in override.entries.items() if key in known}
            override = Mapping(override.path, override.key, override.mark, kept)
        entries[name] = merge(entries[name], override) if name in entries else override
    return Mapping(base.path, base.key, base.mark, entries)


def _without_absent(merged: Merged) -> Merged:
    """Take out the services that have no nodes, and the variables that nothing could give a value."""
    absent = frozenset(
        name
        for name, node in reading.mappings(merged.app, "backing_services")
        if reading.number(node, "nodes") == 0
    )
    if not absent:
        return merged
    entries = dict(merged.app.entries)
    services = reading.mapping(merged.app, "backing_services")
    here = {name: node for name, node in services.entries.items() if name not in absent}
    entries["backing_services"] = services._replace(entries=here)
    if isinstance(env := entries.get("env"), Mapping):
        kept = {name: node for name, node in env.entries.items() if not _refers(node, absent)}
        entries["env"] = env._replace(entries=kept)
    return replace(merged, app=merged.app._replace(entries=entries), absent=absent)


def _refers(node: Node, services: frozenset[str]) -> bool:
    parts = node.value if isinstance(node, Value) and isinstance(node.value, tuple) else ()
    return any(isinstance(part, Reference) and part.service in services for part in parts)


def _missing(node: Node, kind: Type) -> Iterator[Finding]:
    if not isinstance(node, Mapping):
        return
    if isinstance(kind, MapOf):
        for found in node.entries.values():
            yield from _missing(found, kind.value)
    elif isinstance(kind, Record):
        for name, key in kind.keys.items():
            if name in node.entries:
                yield from _missing(node.entries[name], key.type)
            elif key.required:
                yield node.key, shape_messages.missing_key(node.path, name, key.says, key.example)


def _implicit(root: Mapping) -> Mapping:
    # Nobody wrote it, so nothing can be wrong with it: the place is never shown.
    target = Value("environments.local.target", FILE_START, FILE_START, "local")
    return Mapping("environments.local", root.key, root.key, {"target": target})
