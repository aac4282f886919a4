"""Services that AWS runs, made known to the cluster: logins, Nomad variables and Consul's catalog.

    terraform_variables   before Terraform: the passwords that it is to set, made once and remembered
    converge              after Terraform: logins that it must not know, Nomad variables, and entries in Consul
    renew                 a new login in place of one; the two others, and Terraform, then carry it through

All of it can be done again at any time, and goes on where it was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hashistack.backends.aws_logins import AccessKeys, AuthToken, Client
from hashistack.backends.cluster import Cluster, StateJournal
from hashistack.backends.consul_catalog import Catalog
from hashistack.compile.aws import services as compiled
from hashistack.diagnostics import HashistackError
from hashistack.messages import aws_services as messages
from hashistack.model import Stack
from hashistack.plan import names
from hashistack.plan.interfaces import Clock
from hashistack.plan.progress import Event, Stored, Waiting
from hashistack.plan.secret_store import store as store_items
from hashistack.plan.service_logins import Login, as_text, from_text, new_password
from hashistack.plan.services import (
    NO_LOGIN,
    ManagedService,
    entries,
    managed_services,
    renewed,
    variable_items,
)

FILE = "services.json"
# What reads a changed login restarts: within the 10 s of `splay` in templates/_task.hcl.j2, and 30 s of kill_timeout.
_HANDOVER_SECONDS = 90.0
# IAM tells all of AWS of a new key within seconds.
_KEY_SECONDS = 15.0


class Store(Protocol):
    """The operator's folder, here and in AWS."""

    def read(self, name: str) -> str | None:
        """Return the text of a file, None if there is none."""

    def write(self, name: str, text: str) -> None:
        """Write a file."""


class Checked(Protocol):
    """A login that is changed through AWS's API."""

    def add(self, login: Login, keep: Callable[[Login], None]) -> Login:
        """Let AWS take it beside the one of before; `keep` remembers how far it has come."""

    def finish(self, login: Login) -> None:
        """Let AWS take no other."""


@dataclass(frozen=True, slots=True)
class Logins:
    """The logins that are remembered, by service."""

    store: Store

    def read(self) -> dict[str, Login]:
        """Return all of them; raise where they cannot be read."""
        try:
            text = self.store.read(FILE)
            return from_text(text) if text else {}
        except ValueError as error:
            raise HashistackError(messages.strange_logins(FILE, str(error))) from None

    def keep(self, changed: Mapping[str, Login]) -> None:
        """Remember logins, beside those of other services."""
        known = self.read()
        if any(known.get(name) != login for name, login in changed.items()):
            self.store.write(FILE, as_text({**known, **changed}))


def terraform_variables(stack: Stack, store: Store) -> dict[str, object]:
    """Return the passwords that Terraform sets and their versions, for its file of variables; {} if it sets none."""
    logins = Logins(store)
    known = logins.read()
    wanted = {name: known.get(name) or new_password() for name in compiled.passwords(stack)}
    if not wanted:
        return {}
    logins.keep(wanted)
    return {
        "passwords": {name: login.items["password"].reveal() for name, login in wanted.items()},
        "password_versions": {name: login.version for name, login in wanted.items()},
    }


def converge(
    stack: Stack,
    aws: Client,
    cluster: Cluster,
    store: Store,
    outputs: Mapping[str, Any],
    report: Callable[[Event], None],
    clock: Clock,
) -> None:
    """Let the cluster know of the services as they are, and of no others.

    `aws` returns boto3's client of a service of AWS; `outputs` is the value of the output `backing_services`.
    """
    services = managed_services(outputs)
    work = _Work(stack, aws, Logins(store), cluster, report, clock)
    for service in services:
        work.login(service)
    Catalog(cluster.consul.endpoint, stack.app).converge(entries(stack.app, services))


def renew(store: Store, service: ManagedService) -> None:
    """Put a new login in the place of a service's; until it is carried through, nothing else changes."""
    logins = Logins(store)
    logins.keep({service.name: renewed(service, logins.read().get(service.name))})


@dataclass(frozen=True, slots=True)
class _Work:
    stack: Stack
    aws: Client
    logins: Logins
    cluster: Cluster
    report: Callable[[Event], None]
    clock: Clock

    def login(self, service: ManagedService) -> None:
        """Bring one service's login to where its app finds it."""
        match service.kind:
            case "none":
                self._hand_over(service, NO_LOGIN)
            case "password":
                self._hand_over(service, self.logins.read().get(service.name))
            case "access-key":
                self._changed(service, AccessKeys(self.aws, service.of), _KEY_SECONDS)
            case "auth-token":
                self._changed(service, AuthToken(self.aws, service.of, self.clock), 0.0)

    def _changed(self, service: ManagedService, way: Checked, settling: float) -> None:
        remembered = self.logins.read().get(service.name) or renewed(service, None)
        login = way.add(remembered, lambda each: self.logins.keep({service.name: each}))
        replaces = login.stage == "added" and login.version > 1
        if replaces and settling:
            self.clock.wait(settling)
        self._hand_over(service, login)
        if login.stage != "added":
            return
        if replaces:
            self.report(Waiting(f"the processes to take the new login of {service.name}"))
            self.clock.wait(_HANDOVER_SECONDS)
        way.finish(login)
        self.logins.keep({service.name: login.at("done")})

    def _hand_over(self, service: ManagedService, login: Login | None) -> None:
        """Store what the app reads, unless it is the same: processes restart when it changes."""
        path = names.credentials_variable(self.stack.app, service.name)
        items = variable_items(service, login)
        found = self.cluster.nomad.variable(path)
        known = {name: value.reveal() for name, value in found.items.items()} if found else {}
        if all(known.get(name) == value.reveal() for name, value in items.items()):
            return
        journal = StateJournal(self.cluster.state, self.stack.app, self.stack.environment.name)
        store_items(self.cluster.nomad, journal, path, items)
        self.report(Stored(path, tuple(sorted(items)), generated=True))
