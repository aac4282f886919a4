"""Find what fits the schema and still cannot work, in the app as one environment has it.

Each rule is a generator of findings; a rule that meets a broken value has nothing to say about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.descriptor import reading
from hashistack.descriptor.environments import Merged
from hashistack.descriptor.meaning_names import names
from hashistack.descriptor.meaning_processes import processes
from hashistack.descriptor.meaning_services import services
from hashistack.descriptor.meaning_targets import target
from hashistack.descriptor.nodes import Broken, Finding, Mapping, Value, place
from hashistack.descriptor.schema_services import OUTPUTS
from hashistack.descriptor.suggest import closest
from hashistack.messages import descriptor_meaning as messages
from hashistack.messages import descriptor_secrets
from hashistack.model import Reference


def mistakes(merged: Merged) -> Iterator[Finding]:
    """Yield everything that is wrong with the meaning of one environment."""
    yield from names(merged)
    yield from _variables(merged)
    yield from _registry(merged)
    yield from processes(merged)
    yield from services(merged)
    yield from target(merged)


# What the items of a Nomad variable are asked for in a template (consul-template's NomadVarItems): no secret of such a
# name could be read there.
_METHODS_OF_VARIABLES = frozenset({"ItemsMap", "Keys", "Metadata", "Parent", "Tuples", "Values"})


def _variables(merged: Merged) -> Iterator[Finding]:
    secrets = {item.value for item in reading.items(merged.app, "secrets")}
    for item in reading.items(merged.app, "secrets"):
        if item.value in _METHODS_OF_VARIABLES:
            yield place(item), descriptor_secrets.secret_cannot_be_read(item.path, str(item.value))
    for name, node in reading.mapping(merged.app, "env").entries.items():
        if name in secrets:
            yield node.key, descriptor_secrets.secret_in_env(node.path, name)
        if isinstance(node, Value) and isinstance(node.value, tuple):
            for part in node.value:
                if isinstance(part, Reference):
                    yield from _reference(merged.app, node, part)


def _reference(app: Mapping, node: Value, reference: Reference) -> Iterator[Finding]:
    if reading.broken(app, "backing_services"):
        return
    services = reading.mapping(app, "backing_services").entries
    found = services.get(reference.service)
    if found is None:
        meant = closest(reference.service, services)
        yield (
            place(node),
            messages.unknown_service(node.path, reference.service, reference.output, meant, services),
        )
        return
    kind = reading.text(found, "type") if isinstance(found, Mapping) else ""
    if kind and reference.output not in OUTPUTS[kind]:
        # What other types have is no slip of the pen: all that this one has is the better answer.
        elsewhere = any(reference.output in known for known in OUTPUTS.values())
        meant = "" if elsewhere else closest(reference.output, OUTPUTS[kind])
        yield (
            place(node),
            messages.unknown_output(node.path, reference, kind, meant, OUTPUTS[kind]),
        )


def _registry(merged: Merged) -> Iterator[Finding]:
    password = reading.mapping(merged.app, "registry").entries.get("password")
    listed = merged.app.entries.get("secrets")
    if not isinstance(password, Value) or isinstance(listed, Broken):
        return
    secrets = [str(item.value) for item in reading.items(merged.app, "secrets")]
    if password.value not in secrets:
        yield place(password), descriptor_secrets.password_not_secret(password.path, secrets)
