"""What the access control of Consul and Nomad holds, as values: two that are equal need no change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hashistack.plan.sensitive import Sensitive

MARK = "hashistack: "
"""Begins the description of what is ours, and so may be removed once it is not wanted any more."""


@dataclass(frozen=True, slots=True)
class ConsulPolicy:
    """Rights in Consul, in its own language (HCL)."""

    name: str
    description: str
    rules: str


@dataclass(frozen=True, slots=True)
class ConsulRole:
    """Policies under one name."""

    name: str
    description: str
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsulToken:
    """A token with policies, or with the rights of the agent of the node `node` of the datacenter."""

    accessor: str
    description: str
    policies: tuple[str, ...] = ()
    node: tuple[str, str] | None = None
    secret: Sensitive = field(default=Sensitive(""), compare=False)


@dataclass(frozen=True, slots=True)
class AuthMethod:
    """How Consul checks the identity that Nomad gives a job: by the keys at `keys_url`, trusted under `authority`."""

    name: str
    description: str
    keys_url: str
    authority: str
    audience: str


@dataclass(frozen=True, slots=True)
class BindingRule:
    """What a job that proved its identity gets: a `role` or the rights of a `service`, where `selector` holds."""

    method: str
    description: str
    kind: str
    name: str
    selector: str


@dataclass(frozen=True, slots=True)
class NomadPolicy:
    """Rights in Nomad, for tokens, or for the workloads of `job` and of the jobs that it starts."""

    name: str
    description: str
    rules: str
    job: str | None = None


@dataclass(frozen=True, slots=True)
class NomadToken:
    """A token as Nomad lists it: its secret is not part of it."""

    accessor: str
    name: str
    policies: tuple[str, ...]


ConsulValue = ConsulPolicy | ConsulRole | ConsulToken | AuthMethod | BindingRule


@dataclass(frozen=True, slots=True)
class ConsulAccess:
    """The access control of Consul; `base` stands before Nomad does, `jobs` asks Nomad for its keys."""

    base: tuple[ConsulPolicy | ConsulRole | ConsulToken, ...] = ()
    jobs: tuple[AuthMethod | BindingRule, ...] = ()


@dataclass(frozen=True, slots=True)
class NomadAccess:
    """The access control of Nomad, and the names of the nodes that are registered."""

    policies: tuple[NomadPolicy, ...] = ()
    tokens: tuple[NomadToken, ...] = ()
    nodes: frozenset[str] = frozenset()


def reading(paths: Iterable[str]) -> str:
    """Return the rules of a policy that reads Nomad variables at these paths."""
    blocks = (f'    path "{path}" {{\n      capabilities = ["read", "list"]\n    }}\n' for path in paths)
    return 'namespace "default" {\n  variables {\n' + "\n".join(blocks) + "  }\n}\n"
