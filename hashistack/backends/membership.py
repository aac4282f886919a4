"""Who belongs to a cluster of machines of one's own, and how one of them is emptied or forgotten."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.patience import until
from hashistack.diagnostics import BackendError
from hashistack.plan.hosts import Member

_DRAIN_SECONDS = 120  # as long as a new instance may take to become healthy elsewhere, twice over
_NOTICE_SECONDS = 60.0  # gossip calls a machine failed within 5 to 20 seconds
_GOSSIP_SECONDS = 2.0  # until the other servers have heard it too
_SECOND = 1_000_000_000  # Nomad's durations are in nanoseconds
_ALIVE = 1  # serf's status of a member: 1 alive, 2 leaving, 3 left, 4 failed
_LEFT = 3


class Membership:
    """The members as Consul and Nomad know them; every method raises `BackendError` when they cannot be asked."""

    def __init__(self, consul: Endpoint, nomad: Endpoint) -> None:
        self._consul = Api(consul)
        self._nomad = Api(nomad)

    def members(self) -> tuple[Member, ...]:
        """Return every machine that Consul has in its pool or still remembers, by name."""
        pool = self._consul.get("agent/members") or []
        found = {
            each["Name"]: Member(each["Name"], each["Tags"].get("role") == "consul", each["Status"] == _ALIVE)
            for each in pool
            if each["Status"] != _LEFT
        }
        return tuple(found[name] for name in sorted(found))

    def drain(self, name: str) -> None:
        """Move the instances of a machine elsewhere and wait until they have gone; it takes no new ones."""
        for node in self._nodes(name):
            spec = {"Deadline": _DRAIN_SECONDS * _SECOND, "IgnoreSystemJobs": False}
            self._nomad.put(f"node/{node['ID']}/drain", {"DrainSpec": spec, "MarkEligible": False})
            self._await_drained(node["ID"])

    def admit(self, name: str) -> None:
        """Let a machine take instances again."""
        for node in self._nodes(name):
            self._nomad.put(f"node/{node['ID']}/drain", {"DrainSpec": None, "MarkEligible": True})

    def forget(self, name: str) -> None:
        """Remove what Consul and Nomad remember of a machine that is gone for good.

        Waits first until both have noticed that it is gone. A member that is forgotten while gossip still takes it for
        alive is never welcomed again under its name: gossip sees no change when the new machine appears.
        """
        self._await_noticed(name)
        for node in self._nodes(name):
            self._nomad.put(f"node/{node['ID']}/purge")
        for api in (self._nomad, self._consul):
            for peer in _peers(api):
                if str(peer["Node"]).partition(".")[0] == name:  # Nomad adds its region: n1.global
                    api.delete("operator/raft/peer", id=peer["ID"])
        with suppress(BackendError):  # a name that serf does not know is an error there, and fine here
            self._nomad.put("agent/force-leave", node=f"{name}.global", prune="true")
        with suppress(BackendError):
            self._consul.put(f"agent/force-leave/{name}", prune="")
        self._consul.put("catalog/deregister", {"Node": name})

    def _await_noticed(self, name: str) -> None:
        if self._seems_alive(name):
            until(lambda: not self._seems_alive(name), _NOTICE_SECONDS)
            time.sleep(_GOSSIP_SECONDS)

    def _seems_alive(self, name: str) -> bool:
        consul = self._consul.get("agent/members") or []
        nomad = (self._nomad.get("agent/members") or {}).get("Members") or []
        return any(each["Name"] == name and each["Status"] == _ALIVE for each in consul) or any(
            each["Name"] == f"{name}.global" and each["Status"] == "alive" for each in nomad
        )

    def _nodes(self, name: str) -> list[dict[str, Any]]:
        return [node for node in self._nomad.get("nodes") or [] if node["Name"] == name]

    def _await_drained(self, node: str) -> None:
        def drained() -> bool:
            return not (self._nomad.get(f"node/{node}") or {}).get("DrainStrategy")

        until(drained, _DRAIN_SECONDS + 30)


def _peers(api: Api) -> list[dict[str, Any]]:
    return list((api.get("operator/raft/configuration") or {}).get("Servers") or [])
