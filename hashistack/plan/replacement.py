"""Replace servers one after another by new machines: which, in which order, and when one has been. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hashistack.diagnostics import Diagnostic
from hashistack.messages import aws as messages

_IN_SERVICE = "InService"
_LEAST = 3  # with fewer, the rest has no majority while one is away


@dataclass(frozen=True, slots=True)
class Instance:
    """A machine in AWS; `state` is Auto Scaling's, "" outside of a group; `current`: started from the newest template.

    `launched` is in ISO 8601.
    """

    name: str
    address: str
    zone: str
    launched: str
    state: str
    current: bool

    @property
    def in_service(self) -> bool:
        """Whether its start has ended well."""
        return self.state in (_IN_SERVICE, "")

    @property
    def leaving(self) -> bool:
        """Whether it is on its way out."""
        return self.state.startswith(("Terminat", "Detach"))


@dataclass(frozen=True, slots=True)
class Replacement:
    """The servers in the order in which they are replaced, and what forbids it."""

    servers: tuple[str, ...]
    refusals: tuple[Diagnostic, ...] = ()


def plan_replacement(
    servers: Sequence[Instance], leaders: Mapping[str, str], environment: str
) -> Replacement:
    """Return how all servers come to the newest template: one after another, those that lead last.

    `leaders` are names of instances by product.
    """
    due = [each for each in servers if not each.current and not each.leaving]
    if due and len(servers) < _LEAST:
        return Replacement((), (messages.single_server(environment),))
    due.sort(key=lambda each: (each.name in leaders.values(), each.launched, each.name))
    return Replacement(tuple(each.name for each in due))


def heir(server: str, servers: Sequence[Instance]) -> str | None:
    """Return who is to lead instead of a server that goes: one that stays, so that it is the last change of leaders."""
    others = [each for each in servers if each.name != server and each.in_service and not each.leaving]
    others.sort(key=lambda each: (not each.current, each.name))
    return others[0].name if others else None
