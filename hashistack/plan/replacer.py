"""Carry a replacement of servers out, one after another; the first that is not replaced in time ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hashistack.diagnostics import BackendError, DeployError, HashistackError
from hashistack.messages import aws as messages
from hashistack.messages import upkeep
from hashistack.plan.interfaces import Clock
from hashistack.plan.progress import Led, Progress, Waiting
from hashistack.plan.progress_cloud import Replaced
from hashistack.plan.replacement import Instance, Replacement, heir

PATIENCE = 1800.0  # the old one leaves, a new one boots, joins, and gets its votes
_FORGET_AFTER = 60.0  # seconds that a server which is gone may still be listed, until it is removed by hand
_TICK = 2.0


class Servers(Protocol):
    """The servers, as AWS, Consul and Nomad see them."""

    def machines(self) -> tuple[Instance, ...]:
        """Return the machines that run."""

    def voters(self) -> Mapping[str, frozenset[str]]:
        """Return the names of the servers that are healthy and vote, by product."""

    def leaders(self) -> Mapping[str, str]:
        """Return who leads each product."""

    def unwell(self) -> tuple[str, ...]:
        """Say what is wrong with the servers as a whole."""

    def lead(self, product: str, host: str) -> None:
        """Make a server the leader of a product and wait until it is."""

    def replace(self, name: str) -> None:
        """Let Auto Scaling end a machine and start another in its place."""

    def forget(self, name: str) -> None:
        """Remove what Consul and Nomad remember of a machine that is gone."""


@dataclass(frozen=True, slots=True)
class Replacer:
    """Gives a replacement effect."""

    servers: Servers
    progress: Progress
    clock: Clock

    def carry_out(self, replacement: Replacement) -> None:
        """Replace every server in order; raise before the first if the servers are not all well."""
        if replacement.refusals:
            raise HashistackError(*replacement.refusals)
        left = list(replacement.servers)
        for server in replacement.servers:
            if reasons := self.servers.unwell():
                raise DeployError(upkeep.not_ready_to_upgrade(reasons))
            left.remove(server)
            self._replace(server, left)

    def _replace(self, server: str, left: Sequence[str]) -> None:
        before = self.servers.machines()
        self._move_leaders(server, before)
        self.servers.replace(server)
        self.progress.report(Waiting(f"a new server in the place of {server}, and its votes"))
        known = {each.name for each in before}
        end, forgotten = self.clock.now() + PATIENCE, self.clock.now() + _FORGET_AFTER
        while complaints := self._complaints(server, known):
            now = self.clock.now()
            if now > end:
                raise DeployError(messages.not_replaced(server, complaints, left))
            if not _lingers(server, complaints):
                forgotten = now + _FORGET_AFTER
            elif now > forgotten:
                self._forget(server)
                forgotten = now + _FORGET_AFTER
            self.clock.wait(_TICK)
        new = sorted({each.name for each in self.servers.machines()} - known)
        self.progress.report(Replaced(server, ", ".join(new)))

    def _move_leaders(self, server: str, machines: Sequence[Instance]) -> None:
        """Let another lead what this server leads: a leader that is ended costs an election."""
        other = heir(server, machines)
        for product, leader in self.servers.leaders().items():
            if leader == server and other:
                self.servers.lead(product, other)
                self.progress.report(Led(product, other))

    def _complaints(self, server: str, known: set[str]) -> tuple[str, ...]:
        """Say what is still to come; nobody can be asked while the server that was asked is the one that ends."""
        try:
            machines = self.servers.machines()
            new = {each.name for each in machines if each.name not in known and each.in_service}
            if server in {each.name for each in machines}:
                return (f"{server} still runs",)
            if not new:
                return ("no new server is in service",)
            if missing := [product for product, names in self.servers.voters().items() if not new <= names]:
                return (f"{', '.join(sorted(new))} does not vote in {' and '.join(missing)}",)
            return self.servers.unwell()
        except BackendError as error:
            return tuple(each.summary for each in error.diagnostics)

    def _forget(self, server: str) -> None:
        try:
            self.servers.forget(server)
        except BackendError as error:
            self.progress.report(Waiting(f"{server} to be forgotten ({error})"))


def _lingers(server: str, complaints: Sequence[str]) -> bool:
    """Tell whether all that is wrong is that a server which is gone has not been forgotten."""
    return all(f"server {server} " in each for each in complaints)
