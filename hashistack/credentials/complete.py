"""Bring credentials up to date: make what is missing, renew what expires or no longer fits; pure but for new keys.

The authority lasts ten years and is not renewed by itself: agents trust one authority at a time. When it comes to its
end, or its key was lost, its two files are moved away and the next `up` makes another; see `messages.credentials`.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hashistack.credentials import authority as certificates
from hashistack.credentials.authority import Leaf
from hashistack.credentials.values import (
    Credentials,
    Found,
    Gossip,
    HostCredentials,
    Identity,
    Secrets,
    Token,
)
from hashistack.diagnostics import Diagnostic, HashistackError
from hashistack.messages import credentials as messages
from hashistack.model import Host, Stack
from hashistack.plan.sensitive import Sensitive

RENEW_BEFORE = timedelta(days=30)
WARN_BEFORE = timedelta(days=180)
_GOSSIP_BYTES = 32  # AES-256, as `consul keygen` and `nomad operator gossip keyring generate` make them

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Completed:
    """Complete credentials, and what was done for them: names of what was made, renewed and dropped."""

    credentials: Credentials
    made: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return bool(self.made or self.renewed or self.dropped)


def complete(found: Found, stack: Stack, now: datetime, entropy: Entropy = secrets.token_bytes) -> Completed:
    """Return the credentials of a stack's environment, as much as possible of them those that are `found`."""
    work = _Work(now, entropy)
    hosts = stack.environment.hosts
    trust = work.authority(found.authority, f"{stack.app}@{stack.environment.name}")
    credentials = Credentials(
        authority=trust,
        operator=work.leaf("operator", found.operator, operator_leaf(stack), trust),
        ingress=_ingress(work, found, stack, trust),
        secrets=found.secrets or work.secrets(found.rescued),
        hosts={
            host.name: HostCredentials(
                work.leaf(host.name, found.identities.get(host.name), host_leaf(host, stack), trust),
                found.agents.get(host.name) or work.token(),
            )
            for host in hosts
        },
    )
    gone = tuple(sorted({*found.identities, *found.agents} - {host.name for host in hosts}))
    return Completed(credentials, tuple(work.made), tuple(work.renewed), gone, tuple(work.warnings))


def host_leaf(host: Host, stack: Stack) -> Leaf:
    """Return what a host's certificate has to say.

    Consul and Nomad let an agent act as a server only if its certificate has a server's name in it, so that a client's
    cannot be used for that.
    """
    datacenter = stack.environment.name
    names = [host.name, "localhost"]
    if "server" in host.roles:
        names += [
            f"server.{datacenter}.consul",
            f"{host.name}.server.{datacenter}.consul",
            "server.global.nomad",
        ]
    if "client" in host.roles or "ingress" in host.roles:
        names += [f"client.{datacenter}.consul", "client.global.nomad"]
    return Leaf(host.name, tuple(names), tuple(dict.fromkeys(("127.0.0.1", host.address))))


def operator_leaf(stack: Stack) -> Leaf:
    """Return what the operator's certificate has to say: it has no agent's name and can only ask."""
    return Leaf("operator", (f"operator.{stack.environment.name}.consul",), serves=False)


def ingress_leaf(domain: str) -> Leaf:
    """Return what the certificate for a domain has to say; Traefik has its key, and it lets nobody into Consul."""
    return Leaf(domain, (domain, f"*.{domain}"), asks=False)


def _ingress(work: _Work, found: Found, stack: Stack, trust: Identity) -> Identity | None:
    domain = stack.environment.domain
    if domain is None or stack.environment.ingress.tls_port is None:  # somebody else ends TLS there
        return None
    return work.leaf("ingress", found.ingress, ingress_leaf(domain), trust)


@dataclass(frozen=True, slots=True)
class _Work:
    """Makes what is missing and keeps a list of it."""

    now: datetime
    entropy: Entropy
    made: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)

    def authority(self, found: Identity | None, subject: str) -> Identity:
        """Return the authority; raise where it is too old to sign anything that lasts."""
        if found is None:
            self.made.append("authority")
            return certificates.new_authority(subject, self.now)
        end = certificates.expires(found)
        if end - self.now < RENEW_BEFORE:
            raise HashistackError(messages.authority_expires(end))
        if end - self.now < WARN_BEFORE:
            self.warnings.append(messages.authority_ages(end))
        return found

    def leaf(self, name: str, found: Identity | None, leaf: Leaf, trust: Identity) -> Identity:
        """Return the certificate that was found if it still serves, else a new one."""
        if found is not None and self._serves(found, leaf, trust):
            return found
        (self.made if found is None else self.renewed).append(name)
        return certificates.issue(trust, leaf, self.now)

    def _serves(self, found: Identity, leaf: Leaf, trust: Identity) -> bool:
        lasts = certificates.expires(found) - self.now >= RENEW_BEFORE
        return lasts and certificates.is_good_for(found, leaf) and certificates.is_issued_by(found, trust)

    def secrets(self, rescued: Gossip | None) -> Secrets:
        """Make the keys and tokens of a cluster; the gossip keys of one that exists are taken over."""
        self.made.append("secrets")
        return Secrets(
            gossip=rescued or Gossip(self._gossip(), self._gossip()),
            consul_management=Sensitive(self._uuid()),
            nomad_management=Sensitive(self._uuid()),
            consul_dns=self.token(),
            consul_nomad=self.token(),
            consul_snapshot=self.token(),
        )

    def token(self) -> Token:
        """Make a token that Consul has yet to be told of."""
        return Token(self._uuid(), Sensitive(self._uuid()))

    def _gossip(self) -> Sensitive:
        return Sensitive(b64encode(self.entropy(_GOSSIP_BYTES)).decode())

    def _uuid(self) -> str:
        return str(UUID(bytes=self.entropy(16), version=4))
