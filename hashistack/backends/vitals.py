"""What the servers of a cluster say about its health, for the doctor; what cannot be asked is an answer too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.diagnostics import BackendError
from hashistack.plan.checkup import Failing, Machine, Peer, Product

_METHOD = "nomad-workloads"  # the auth method through which Nomad logs instances in
_REQUESTED = re.compile(r'"requested_by":\s*"nomad_(service|task)_([^"]+)"')


class Vitals:
    """The health of one cluster; methods that return lists return none where nobody can be asked."""

    def __init__(self, consul: Endpoint, nomad: Endpoint) -> None:
        self._consul = Api(consul)
        self._nomad = Api(nomad)

    def products(self) -> tuple[Product, Product]:
        """Return what the servers of Consul and of Nomad say about themselves."""
        return _product("Consul", self._consul), _product("Nomad", self._nomad)

    def machines(self) -> tuple[Machine, ...]:
        """List the machines that Nomad knows."""
        return tuple(
            Machine(
                name=node["Name"],
                status=node["Status"],
                eligible=node["SchedulingEligibility"] == "eligible",
                draining=bool(node["Drain"]),
                docker=bool(((node.get("Drivers") or {}).get("docker") or {}).get("Healthy")),
            )
            for node in _listed(self._nomad, "nodes")
        )

    def failing(self) -> tuple[Failing, ...]:
        """List the checks in Consul that do not pass."""
        found = [
            *_listed(self._consul, "health/state/critical"),
            *_listed(self._consul, "health/state/warning"),
        ]
        return tuple(
            Failing(each["Node"], each["ServiceName"], each["Name"], each["Status"], each["Output"])
            for each in found
        )

    def orphans(self) -> tuple[str, ...]:
        """Name the services and tasks whose Consul tokens are left though nothing of that name runs."""
        tokens = _listed(self._consul, "acl/tokens", authmethod=_METHOD)
        asked = [match for token in tokens if (match := _REQUESTED.search(token["Description"]))]
        if not asked:
            return ()
        living = self._living()
        return tuple(sorted({match[2] for match in asked if match[2] not in living}))

    def _living(self) -> frozenset[str]:
        services = self._consul.get("catalog/services") or {}
        allocations = _listed(self._nomad, "allocations", task_states="true")
        return frozenset(services) | frozenset(
            task
            for each in allocations
            if each["ClientStatus"] in ("pending", "running")
            for task in each.get("TaskStates") or {}
        )


def _product(name: str, api: Api) -> Product:
    try:
        leader = (api.attempt("get", "status/leader")[1]).strip().strip('"')
        status, text = api.attempt("get", "operator/autopilot/health")
        token = api.attempt("get", "acl/token/self")[1]
    except BackendError as error:
        return Product(name, "; ".join(each.summary for each in error.diagnostics))
    if not text.lstrip().startswith(
        "{"
    ):  # 429, too many requests, stands for "not healthy" and has the document
        problem = (
            ""
            if not leader.partition(":")[2]
            else f"says nothing about its servers ({status}): {text.strip()}"
        )
        return Product(name, problem, bool(leader))
    return Product(name, "", bool(leader), tuple(_peers(json.loads(text))), _expiration(token))


def _peers(health: dict[str, Any]) -> Iterable[Peer]:
    for server in health.get("Servers") or []:
        name = str(server["Name"]).partition(".")[0]  # Nomad adds its region: n1.global
        yield Peer(name, bool(server["Voter"]), bool(server["Healthy"]), str(server.get("Version") or ""))


def _expiration(token: str) -> datetime | None:
    if not token.startswith("{"):
        return None
    text = json.loads(token).get("ExpirationTime")
    return datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00")) if text else None


def _listed(api: Api, path: str, **params: str) -> list[dict[str, Any]]:
    try:
        return api.listed(path, **params)
    except BackendError:
        return []
