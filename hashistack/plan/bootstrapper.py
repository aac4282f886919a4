"""Carry out what begins a cluster's access control: management tokens, rights, tokens of machines, introductions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, Protocol

from hashistack.credentials.values import Identity
from hashistack.diagnostics import BackendError, Diagnostic, HashistackError
from hashistack.messages import credentials as messages
from hashistack.model import Stack
from hashistack.plan.acl import ConsulAccess, ConsulToken, ConsulValue, NomadAccess, NomadPolicy, NomadToken
from hashistack.plan.bootstrap import (
    Changes,
    Grant,
    HandOver,
    P,
    R,
    base_changes,
    hand_overs,
    job_changes,
    nomad_changes,
)
from hashistack.plan.certificate import store_certificate
from hashistack.plan.interfaces import Clock, Variables
from hashistack.plan.names import INGRESS, secrets_variable
from hashistack.plan.progress import Event, Stored, Waiting
from hashistack.plan.progress_hosts import AccessBegun, AccessChanged, HandedOver, Joined
from hashistack.plan.sensitive import Sensitive

LEADER_PATIENCE = 120.0  # seconds for servers that were just started, one after another, to agree on a leader
JOIN_PATIENCE = 90.0  # a client that is turned away once asks again after 15 to 30 seconds
_TICK = 0.25

Begun = Literal["now", "before", "not yet"]
GiveHost = Callable[[str, Mapping[str, Sensitive]], None]


class Beginning(Protocol):
    """The access control of a product, as far as it begins."""

    def begin(self) -> Begun:
        """Make our management token the first one; raise where another one is."""


class ConsulControl(Beginning, Protocol):
    """Consul's access control."""

    def access(self) -> ConsulAccess:
        """Return what of it is ours."""

    def put(self, value: ConsulValue) -> None:
        """Make something, or change it."""

    def remove(self, value: ConsulToken) -> None:
        """Revoke a token; one that is not there is fine."""


class NomadControl(Beginning, Protocol):
    """Nomad's access control."""

    def leader(self) -> str:
        """Return the address of the leader, without its port."""

    def access(self) -> NomadAccess:
        """Return what of it is ours, and which nodes are registered."""

    def put(self, policy: NomadPolicy) -> None:
        """Make a policy, or change it."""

    def remove(self, value: NomadPolicy | NomadToken) -> None:
        """Remove a policy or a token; one that is not there is fine."""

    def new_token(self, name: str, policy: str) -> NomadToken:
        """Make a token."""

    def secret(self, token: NomadToken) -> Sensitive:
        """Return the secret of a token."""

    def list_as(self, token: NomadToken, name: str) -> None:
        """List a token under another name."""

    def introduction(self, host: str, pool: str) -> Sensitive | None:
        """Sign the token with which a new client may register; None while the servers have no key to sign with."""

    def ready_nodes(self) -> frozenset[str]:
        """Return the names of the nodes that take jobs."""


def begin(product: str, control: Beginning, report: Callable[[Event], None], clock: Clock) -> None:
    """Have the servers of a product know our management token, once they have a leader; where they do, nothing is done.

    Raises BackendError where they have none in time, or were begun with another token.
    """
    begun, end = control.begin(), clock.now() + LEADER_PATIENCE
    if begun == "not yet":
        report(Waiting(f"{product} to elect a leader"))
    while begun == "not yet":
        if clock.now() > end:
            raise BackendError(messages.no_leader_yet(product, LEADER_PATIENCE))
        clock.wait(_TICK)
        begun = control.begin()
    if begun == "now":
        report(AccessBegun(product))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a cluster is to have.

    `lacking` are hosts that are known to have lost what they were given; `introduces`: a client joins only with an
    introduction that is made for it.
    """

    stack: Stack
    consul: ConsulAccess
    ingress: Identity | None = None
    lacking: frozenset[str] = frozenset()
    introduces: bool = True


@dataclass(frozen=True, slots=True)
class _Given:
    """What a host is given: the tokens as Nomad lists them, the values of all variables."""

    step: HandOver
    tokens: Mapping[Grant, NomadToken]
    values: Mapping[str, Sensitive]


@dataclass(frozen=True, slots=True)
class Bootstrapper:
    """Brings access control to what is wanted; again and again, without harm."""

    consul: ConsulControl
    nomad: NomadControl
    variables: Variables
    report: Callable[[Event], None]
    clock: Clock
    hand_over: GiveHost
    problems: list[Diagnostic] = field(default_factory=list)

    def run(self, wanted: Wanted) -> None:
        """Do everything that is not done yet; what fails on one host is raised when all others are done."""
        begin("Consul", self.consul, self.report, self.clock)
        actual = self.consul.access()
        self._change("Consul", base_changes(wanted.consul, actual), self.consul.put, self.consul.remove)
        begin("Nomad", self.nomad, self.report, self.clock)
        self._change("Consul", job_changes(wanted.consul, actual), self._put_patiently, self.consul.remove)
        changes = nomad_changes(wanted.stack, self.nomad.access())
        self._change("Nomad", changes, self.nomad.put, self.nomad.remove)
        self._hand_over(wanted)
        if wanted.ingress and store_certificate(self.variables, wanted.ingress):
            self.report(Stored(secrets_variable(INGRESS), ("certificate", "key"), generated=True))
        if self.problems:
            raise BackendError(*self.problems)

    def _change(
        self, product: str, changes: Changes[P, R], put: Callable[[P], None], remove: Callable[[R], None]
    ) -> None:
        for value in changes.put:
            put(value)
        for gone in changes.remove:
            remove(gone)
        if changes.put or changes.remove:
            self.report(AccessChanged(product, len(changes.put), len(changes.remove)))

    def _put_patiently(self, value: ConsulValue) -> None:
        """Write what Consul asks Nomad about, which may still be starting beside it."""
        end = self.clock.now() + LEADER_PATIENCE
        while True:
            try:
                return self.consul.put(value)
            except BackendError as error:
                if "JWKS" not in str(error) or self.clock.now() > end:
                    raise
            self.clock.wait(_TICK)

    # --- what each host is given

    def _hand_over(self, wanted: Wanted) -> None:
        actual, hosts = self.nomad.access(), wanted.stack.environment.hosts
        leader = self.nomad.leader()
        for wave in hand_overs(hosts, actual, leader, wanted.lacking, introduces=wanted.introduces):
            given = self._wave(wave, actual)
            # Before anything else is asked: the server that answers may be the one that just starts again.
            self._await_nodes([each.step.host for each in given if each.step.introduce])
            for each in given:
                self._settle(each)

    def _wave(self, wave: Sequence[HandOver], actual: NomadAccess) -> list[_Given]:
        """Give the hosts of a wave what they need, at the same time; return those that took it."""
        prepared = [self._prepare(step, actual) for step in wave]
        with ThreadPoolExecutor(max_workers=len(wave)) as pool:
            taken = list(pool.map(self._give, prepared))
        return [each for each, took in zip(prepared, taken, strict=True) if took]

    def _prepare(self, step: HandOver, actual: NomadAccess) -> _Given:
        tokens = {grant: self._token(grant, actual) for grant in step.grants}
        values = {grant.variable: self.nomad.secret(token) for grant, token in tokens.items()}
        if step.introduce is not None:
            values["NOMAD_INTRO_TOKEN"] = self._introduction(step.host, step.introduce)
        return _Given(step, tokens, values)

    def _give(self, given: _Given) -> bool:
        try:
            self.hand_over(given.step.host, given.values)
        except HashistackError as error:
            self.problems.extend(error.diagnostics)
            return False
        self.report(HandedOver(given.step.host, tuple(sorted(given.values))))
        return True

    def _settle(self, given: _Given) -> None:
        """Note with Nomad that a host has its tokens."""
        for grant, token in given.tokens.items():
            if token.name != grant.name:
                self.nomad.list_as(token, grant.name)

    def _token(self, grant: Grant, actual: NomadAccess) -> NomadToken:
        known = {token.name: token for token in actual.tokens}
        found = known.get(grant.name) or known.get(grant.pending)
        return found or self.nomad.new_token(grant.pending, grant.policy)

    def _introduction(self, host: str, pool: str) -> Sensitive:
        end = self.clock.now() + LEADER_PATIENCE
        while (token := self.nomad.introduction(host, pool)) is None:
            if self.clock.now() > end:
                raise BackendError(messages.no_leader_yet("Nomad", LEADER_PATIENCE))
            self.clock.wait(_TICK)
        return token

    def _await_nodes(self, names: Sequence[str]) -> None:
        end = self.clock.now() + JOIN_PATIENCE
        absent = list(names)
        if absent:
            self.report(Waiting(f"{', '.join(absent)} to join Nomad"))
        while absent:
            ready = self._ready_nodes()
            for name in [name for name in absent if name in ready]:
                absent.remove(name)
                self.report(Joined(name))
            if absent and self.clock.now() > end:
                self.problems.append(messages.not_joined(absent, JOIN_PATIENCE))
                return
            if absent:
                self.clock.wait(_TICK)

    def _ready_nodes(self) -> frozenset[str]:
        """Ask for the nodes; while a server starts again, the one that is asked may have nobody to ask."""
        try:
            return self.nomad.ready_nodes()
        except BackendError:
            return frozenset()
