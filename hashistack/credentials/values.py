"""Everything that an operator holds for one environment; what must not be seen is `Sensitive`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hashistack.plan.sensitive import Sensitive


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its private key, both as PEM."""

    certificate: str
    key: Sensitive


@dataclass(frozen=True, slots=True)
class Token:
    """A Consul token whose two ids are chosen before Consul knows of it; `accessor` may be shown, `secret` not."""

    accessor: str
    secret: Sensitive


@dataclass(frozen=True, slots=True)
class HostCredentials:
    """What one host proves itself with: its certificate for Consul and Nomad, its Consul agent's token."""

    identity: Identity
    consul: Token


@dataclass(frozen=True, slots=True)
class Gossip:
    """The keys with which agents find each other, 32 bytes as base64: those that a cluster began with stay."""

    consul: Sensitive
    nomad: Sensitive


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is shared in a cluster: gossip keys, management tokens, tokens of its services."""

    gossip: Gossip
    consul_management: Sensitive
    nomad_management: Sensitive
    consul_dns: Token
    consul_nomad: Token
    consul_snapshot: Token


@dataclass(frozen=True, slots=True)
class Credentials:
    """All credentials of one environment, complete; `ingress` is None where the environment has no domain."""

    authority: Identity
    operator: Identity
    ingress: Identity | None
    secrets: Secrets
    hosts: Mapping[str, HostCredentials]


@dataclass(frozen=True, slots=True)
class Found:
    """What an operator's folder has of them: anything may be missing.

    `rescued` are the gossip keys of a cluster whose other credentials are lost, from a server's secrets.env.
    """

    authority: Identity | None = None
    operator: Identity | None = None
    ingress: Identity | None = None
    secrets: Secrets | None = None
    identities: Mapping[str, Identity] = field(default_factory=dict)
    agents: Mapping[str, Token] = field(default_factory=dict)
    rescued: Gossip | None = None
