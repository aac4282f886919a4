"""Services outside of the cluster in Consul's catalog, through its documented HTTP API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.plan.services import OWNER, Entry


class Catalog:
    """The entries of one app; every call raises `BackendError` when Consul cannot be asked or refuses."""

    def __init__(self, endpoint: Endpoint, app: str) -> None:
        self._api = Api(endpoint)
        self._app = app

    def converge(self, wanted: Sequence[Entry]) -> None:
        """List what is wanted, then drop what of this app is not: an entry that only changes is never missing."""
        for entry in wanted:
            self._register(entry)
        kept = {(entry.node, entry.id) for entry in wanted}
        nodes = {entry.node for entry in wanted}
        for node, service in tuple(self._listed()):
            if node not in nodes:
                self._api.put("catalog/deregister", {"Node": node})
            elif (node, service) not in kept:
                self._api.put("catalog/deregister", {"Node": node, "ServiceID": service})

    def _register(self, entry: Entry) -> None:
        service = {
            "ID": entry.id,
            "Service": entry.service,
            "Address": entry.host,
            "Port": entry.port,
            "Meta": dict(entry.meta),
        }
        # No check: the service watches itself better than a probe from one machine could.
        meta = {"external-node": "true", OWNER: self._app}
        body = {"Node": entry.node, "Address": entry.host, "NodeMeta": meta, "Service": service}
        self._api.put("catalog/register", body)

    def _listed(self) -> Iterator[tuple[str, str]]:
        """Yield the nodes of this app with each of their services, and with "" where one has none."""
        mine = f'Meta["{OWNER}"] == "{self._app}"'
        for node in self._api.get("catalog/nodes", filter=mine) or []:
            found = self._api.get(f"catalog/node/{node['Node']}") or {}
            for service in found.get("Services") or {"": None}:
                yield node["Node"], service
