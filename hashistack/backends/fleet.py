"""The hosts of a cluster during an upgrade: the servers are asked anew each time, for any of them may be restarting."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.failures import from_status
from hashistack.backends.membership import Membership
from hashistack.backends.patience import until
from hashistack.diagnostics import BackendError
from hashistack.model import Stack
from hashistack.plan.backup import release
from hashistack.plan.upgrade import PRODUCTS, Running

_TRANSFER = {
    "Consul": ("post", "operator/raft/transfer-leader"),
    "Nomad": ("put", "operator/raft/transfer-leadership"),
}
_LEAD_SECONDS = 30.0
_ALIVE = 1  # serf's status of a member


@dataclass(frozen=True, slots=True)
class Apis:
    """One server of each product that answers."""

    consul: Endpoint
    nomad: Endpoint

    def of(self, product: str) -> Api:
        """Return the API of one product."""
        return Api(self.consul if product == "Consul" else self.nomad)


class Fleet:
    """The hosts of one stack; `install` brings them the versions of the descriptor."""

    def __init__(
        self, stack: Stack, connect: Callable[[], Apis], install: Callable[[Sequence[str]], None]
    ) -> None:
        self._stack = stack
        self._connect = connect
        self._install = install

    def running(self) -> tuple[Running, ...]:
        """Return the versions that each host of the descriptor runs."""
        apis = self._connect()
        consul, nomad = _consul_versions(apis), _nomad_versions(apis)
        names = [host.name for host in self._stack.environment.hosts]
        return tuple(Running(name, consul.get(name, ""), nomad.get(name, "")) for name in names)

    def leaders(self) -> dict[str, str]:
        """Return who leads each product."""
        apis = self._connect()
        found = {product: _servers(apis.of(product)) for product in PRODUCTS}
        return {
            product: name
            for product, servers in found.items()
            for name, each in servers.items()
            if each["Leader"]
        }

    def voters(self) -> dict[str, frozenset[str]]:
        """Return the servers that are healthy and vote, by product."""
        apis = self._connect()
        return {
            product: frozenset(
                name for name, each in _servers(apis.of(product)).items() if each["Healthy"] and each["Voter"]
            )
            for product in PRODUCTS
        }

    def lead(self, product: str, host: str) -> None:
        """Make a server the leader of a product and wait until it is; a leader that cannot be had is no error."""
        api = self._connect().of(product)
        method, path = _TRANSFER[product]
        identity = _servers(api)[host]["ID"]
        api.attempt(method, f"{path}?id={identity}")
        until(lambda: self.leaders().get(product) == host, _LEAD_SECONDS)

    def empty(self, host: str) -> None:
        """Move the instances on a host elsewhere and wait until they have gone."""
        self._membership().drain(host)

    def admit(self, host: str) -> None:
        """Let a host take instances again."""
        self._membership().admit(host)

    def install(self, hosts: Sequence[str]) -> None:
        """Bring the wanted versions to hosts and restart their agents."""
        self._install(hosts)

    def complaints(self, host: str) -> tuple[str, ...]:
        """Say what a host still lacks."""
        try:
            return tuple(self._complaints(host))
        except BackendError as error:
            return tuple(each.summary for each in error.diagnostics)

    def unwell(self) -> tuple[str, ...]:
        """Say what is wrong with the servers as a whole."""
        try:
            apis = self._connect()
            return tuple(
                f"{product}: server {name} is not {'healthy' if each['Voter'] else 'a voter yet'}"
                for product in PRODUCTS
                for name, each in _servers(apis.of(product)).items()
                if not (each["Healthy"] and each["Voter"])
            )
        except BackendError as error:
            return tuple(each.summary for each in error.diagnostics)

    def _complaints(self, host: str) -> list[str]:
        apis, software = self._connect(), self._stack.environment.software
        found = []
        running = next(each for each in self.running() if each.host == host)
        wanted = {"Consul": software.consul, "Nomad": software.nomad} if software else {}
        for product, version in wanted.items():
            if running.of(product) != version:
                found.append(f"{product} is {running.of(product) or 'not there'} and not {version}")
        for node in apis.of("Nomad").get("nodes") or []:
            if node["Name"] == host and node["Status"] != "ready":
                found.append(f"Nomad calls it {node['Status']}")
        return found

    def _membership(self) -> Membership:
        apis = self._connect()
        return Membership(apis.consul, apis.nomad)


def _servers(api: Api) -> dict[str, dict[str, Any]]:
    """Return the servers by name; 429, too many requests, stands for "not healthy" and comes with the document."""
    status, text = api.attempt("get", "operator/autopilot/health")
    if not text.lstrip().startswith("{"):
        raise BackendError(from_status(api.endpoint, "asking for the servers' health", status, text))
    return {str(each["Name"]).partition(".")[0]: each for each in json.loads(text).get("Servers") or []}


def _consul_versions(apis: Apis) -> dict[str, str]:
    members = apis.of("Consul").get("agent/members") or []
    return {
        each["Name"]: each["Tags"]["build"].partition(":")[0] for each in members if each["Status"] == _ALIVE
    }


def _nomad_versions(apis: Apis) -> dict[str, str]:
    api = apis.of("Nomad")
    clients = {node["Name"]: node["Version"] for node in api.get("nodes") or []}
    members = (api.get("agent/members") or {}).get("Members") or []
    servers = {
        each["Name"].partition(".")[0]: each["Tags"]["build"] for each in members if each["Status"] == "alive"
    }
    # Of a machine that is both, one half may not have been heard of since the upgrade: the older is what counts.
    return {
        name: min((each[name] for each in (clients, servers) if name in each), key=release)
        for name in clients.keys() | servers.keys()
    }
