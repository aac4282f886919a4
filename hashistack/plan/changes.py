"""What Terraform is about to do, in the words of who runs a stack. Pure: a plan as JSON in, a `Summary` out.

The form of the plan is that of developer.hashicorp.com/terraform/internals/json-format, format version 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from hashistack.plan.concerns import Concern, concern, noun

Action = Literal["create", "update", "replace", "destroy", "forget"]

_ACTIONS: dict[tuple[str, ...], Action] = {
    ("create",): "create",
    ("update",): "update",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("delete",): "destroy",
    ("forget",): "forget",
}
_ORDER: Sequence[Concern] = get_args(Concern)
_UNKNOWN = "(known afterwards)"
_SECRET = "(secret)"  # noqa: S105 - what is shown instead of one
_LONG = 60
_ENCODED = ("user_data",)
# `tags_all` repeats `tags`, and the others follow from what stands beside them.
_ECHOES = frozenset({"tags_all", "arn", "id", "latest_version", "default_version"})


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute that changes; a value of None is not shown: it is long, has parts, or is nobody's business."""

    name: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource; `because` are the attributes that force a replacement."""

    address: str
    type: str
    name: str
    key: str
    concern: Concern
    action: Action
    fields: tuple[Field, ...] = ()
    because: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Return what the resource is, and which one: "subnet private eu-west-1a"."""
        own = () if self.name in ("main", "this") else (self.name,)
        return " ".join((noun(self.type), *own, *((self.key,) if self.key else ())))

    def changes(self, *names: str) -> bool:
        """Tell whether one of these attributes changes."""
        return any(field.name in names for field in self.fields)


@dataclass(frozen=True, slots=True)
class Summary:
    """All changes in the order of their concerns, and the addresses of what somebody has removed outside Terraform."""

    changes: tuple[Change, ...]
    gone: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.changes or self.outputs)

    def count(self, action: Action) -> int:
        """Return how many resources are to be created, updated, …"""
        return sum(change.action == action for change in self.changes)

    def by_concern(self) -> dict[Concern, tuple[Change, ...]]:
        """Return the changes by what they are about; concerns without changes are left out."""
        found: dict[Concern, list[Change]] = {}
        for change in self.changes:
            found.setdefault(change.concern, []).append(change)
        return {each: tuple(changes) for each, changes in found.items()}


def summarise(plan: Mapping[str, Any]) -> Summary:
    """Return what a plan changes; reading data and what stays as it is are no changes."""
    changes = [found for each in plan.get("resource_changes", ()) if (found := _change(each)) is not None]
    return Summary(
        tuple(sorted(changes, key=lambda change: (_ORDER.index(change.concern), change.address))),
        tuple(each["address"] for each in plan.get("resource_drift", ()) if _gone(each)),
        tuple(name for name, each in plan.get("output_changes", {}).items() if each["actions"] != ["no-op"]),
    )


def _gone(drift: Mapping[str, Any]) -> bool:
    return bool(drift.get("mode", "managed") == "managed" and drift["change"]["actions"] == ["delete"])


def _change(resource: Mapping[str, Any]) -> Change | None:
    change = resource["change"]
    action = _ACTIONS.get(tuple(change["actions"]))
    if action is None or resource.get("mode", "managed") != "managed":
        return None
    key = str(resource.get("index", ""))
    return Change(
        address=resource["address"],
        type=resource["type"],
        name=resource["name"],
        key=key,
        concern=concern(resource["type"], resource["name"], key),
        action=action,
        fields=_known(tuple(_fields(change))) if action in ("update", "replace") else (),
        because=tuple(dict.fromkeys(_path(path) for path in change.get("replace_paths", ()))),
    )


def _known(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Leave out what only follows from the rest, unless nothing else changes."""
    return tuple(field for field in fields if field.after != _UNKNOWN) or fields


def _path(parts: Sequence[str | int]) -> str:
    """Return the path of an attribute without its indices: nobody counts blocks."""
    return ".".join(part for part in parts if isinstance(part, str))


def _fields(change: Mapping[str, Any]) -> Iterator[Field]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    for name in sorted({*before, *after, *unknown} - _ECHOES):
        is_unknown = unknown.get(name) is True
        if not is_unknown and before.get(name) == after.get(name):
            continue
        secret = any(_marked(change.get(side), name) for side in _SENSITIVE)
        yield _field(name, before.get(name), _Unknown if is_unknown else after.get(name), secret=secret)


_SENSITIVE = ("before_sensitive", "after_sensitive")


class _Unknown:
    """Stands for a value that Terraform does not know yet."""


def _marked(marks: object, name: str) -> bool:
    return isinstance(marks, Mapping) and _any(marks.get(name))


def _any(marks: object) -> bool:
    """Tell whether a value or a part of it is marked."""
    if isinstance(marks, Mapping):
        return any(map(_any, marks.values()))
    return any(map(_any, marks)) if isinstance(marks, list) else bool(marks)


def _field(name: str, before: object, after: object, *, secret: bool) -> Field:
    if secret:
        return Field(name, None, _SECRET)
    if after is _Unknown:
        return Field(name, None, _UNKNOWN)
    return Field(name) if name in _ENCODED else Field(name, _shown(before), _shown(after))


def _shown(value: object) -> str | None:
    """Return a value as it is shown; None if it is too long or has parts."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping) and len(value[0]) == 1:
        return " ".join(map(str, *value[0].items()))  # a block with one argument, like a record's weight
    if isinstance(value, str | int | float):
        text = str(value)
        return text if len(text) <= _LONG and not re.search(r"\s", text) else None
    return None
