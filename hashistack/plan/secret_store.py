"""The values of secrets, kept in the app's Nomad variable; somebody else's change at the same time is never lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hashistack.model import Stack
from hashistack.plan import names
from hashistack.plan.actual import Variable
from hashistack.plan.interfaces import Journal, Variables
from hashistack.plan.sensitive import Sensitive


@dataclass(frozen=True, slots=True)
class Listed:
    """A secret: whether the descriptor names it and whether it has a value."""

    name: str
    declared: bool
    set: bool


def store(variables: Variables, journal: Journal, path: str, values: Mapping[str, Sensitive]) -> None:
    """Add or replace items of the variable at `path`; a variable that is new is remembered as ours."""
    found = variables.variable(path)
    if found is None:
        journal.variable_stored(path)
        found = Variable(path, {})
    variables.put_variable(replace(found, items={**found.items, **values}))


def remove(variables: Variables, app: str, name: str) -> bool:
    """Delete one secret and tell whether it had a value; the variable goes with the last."""
    found = variables.variable(names.secrets_variable(app))
    if found is None or name not in found.items:
        return False
    rest = {each: value for each, value in found.items.items() if each != name}
    if rest:
        variables.put_variable(replace(found, items=rest))
    else:
        variables.delete_variable(found.path)
    return True


def listed(variables: Variables, stack: Stack) -> tuple[Listed, ...]:
    """Return every secret that the descriptor names or that has a value, sorted by name."""
    declared = set(names.wanted_secrets(stack))
    found = variables.variable(names.secrets_variable(stack.app))
    present = set(found.items) if found else set()
    return tuple(Listed(name, name in declared, name in present) for name in sorted(declared | present))
