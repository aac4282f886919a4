"""Carry an upgrade out, step by step; the first host that is not healthy afterwards ends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

from hashistack.diagnostics import DeployError, HashistackError
from hashistack.messages import upkeep as messages
from hashistack.plan.interfaces import Clock
from hashistack.plan.progress import Emptied, Joined, Led, Progress, Upgraded, Waiting
from hashistack.plan.upgrade import Admit, Empty, Install, Lead, Step, Upgrade

_PATIENCE = 180.0  # seconds for a host to become healthy; a server gets its vote after ten stable seconds
_TICK = 1.0


class Fleet(Protocol):
    """The hosts and the cluster they are."""

    def lead(self, product: str, host: str) -> None:
        """Make a server the leader of a product and wait until it is."""

    def empty(self, host: str) -> None:
        """Move the instances on a host elsewhere and wait until they have gone."""

    def admit(self, host: str) -> None:
        """Let a host take instances again."""

    def install(self, hosts: Sequence[str]) -> None:
        """Bring the wanted versions to hosts and restart their agents."""

    def complaints(self, host: str) -> tuple[str, ...]:
        """Say what a host still lacks: its versions, its vote, its place among the machines."""

    def unwell(self) -> tuple[str, ...]:
        """Say what is wrong with the cluster as a whole."""


@dataclass(frozen=True, slots=True)
class Upgrader:
    """Gives the steps of an upgrade effect; `consul` and `nomad` are the versions that are wanted."""

    fleet: Fleet
    progress: Progress
    clock: Clock
    consul: str
    nomad: str

    def carry_out(self, upgrade: Upgrade) -> None:
        """Carry out every step in order; raise before the first if the cluster is not healthy."""
        if upgrade.refusals:
            raise HashistackError(*upgrade.refusals)
        if upgrade.steps and (reasons := self.fleet.unwell()):
            raise DeployError(messages.not_ready_to_upgrade(reasons))
        left = list(upgrade.hosts)
        for step in upgrade.steps:
            self._carry_out(step, left)

    def _carry_out(self, step: Step, left: list[str]) -> None:
        match step:
            case Lead(product, host):
                self.fleet.lead(product, host)
                self.progress.report(Led(product, host))
            case Empty(host):
                self.progress.report(Waiting(f"the instances on {host} to move elsewhere"))
                self.fleet.empty(host)
                self.progress.report(Emptied(host))
            case Install(hosts):
                self.fleet.install(hosts)
                for host in hosts:
                    left.remove(host)
                for host in hosts:
                    self._await(host, left)
            case Admit(host):
                self.fleet.admit(host)
                self.progress.report(Joined(host))
            case _:
                assert_never(step)

    def _await(self, host: str, left: Sequence[str]) -> None:
        end = self.clock.now() + _PATIENCE
        self.progress.report(Waiting(f"{host} to be healthy"))
        while complaints := self.fleet.complaints(host) or self.fleet.unwell():
            if self.clock.now() > end:
                raise DeployError(messages.unhealthy_after(host, complaints, left))
            self.clock.wait(_TICK)
        self.progress.report(Upgraded(host, self.consul, self.nomad))
