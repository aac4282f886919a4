"""Consul's API, as far as hashistack needs it, through py-consul."""

from __future__ import annotations

from typing import Any

from hashistack.backends.endpoint import Endpoint, session
from hashistack.backends.failures import explained, stranger
from hashistack.diagnostics import BackendError
from hashistack.plan.actual import Json

_TIMEOUT = 10  # seconds for an answer


class Consul:
    """One Consul agent; every method raises `BackendError` when it cannot be asked."""

    def __init__(self, endpoint: Endpoint) -> None:
        import consul

        self.endpoint = endpoint
        self._client = consul.Consul(
            host=endpoint.host,
            port=endpoint.port,
            scheme="https" if endpoint.secure else "http",
            token=endpoint.token.reveal() if endpoint.token else None,
            verify=endpoint.verify,
            cert=endpoint.cert,
            connections_timeout=_TIMEOUT,
        )
        self._client.http.session = session(endpoint)

    def ready(self) -> bool:
        """Tell whether the servers have a leader; False also while nothing listens."""
        try:
            with explained(self.endpoint, "asking for the leader"):
                return bool(self._client.status.leader())
        except BackendError:
            return False

    def instances(self, service: str) -> list[Json]:
        """List the instances of a service with their node and checks, healthy or not.

        The catalog learns of a new output only minutes later as long as the status stays (check_update_interval), so
        where this agent runs the check itself, its own output is given.
        """
        with explained(self.endpoint, f"reading service {service}"):
            entries = self._given(self._client.health.service(service))
            fresh = self._client.agent.checks() if entries else {}
        for check in (check for entry in entries for check in entry["Checks"]):
            check["Output"] = fresh.get(check["CheckID"], check)["Output"]
        return list(entries)

    def service_names(self) -> frozenset[str]:
        """List the names of all services in the catalog."""
        with explained(self.endpoint, "reading the catalog"):
            services = self._given(self._client.catalog.services())
        return frozenset(services)

    def passing(self, service: str) -> bool:
        """Tell whether the service has an instance all of whose checks pass."""
        with explained(self.endpoint, f"reading service {service}"):
            return bool(self._given(self._client.health.service(service, passing=True)))

    def has_key(self, key: str) -> bool:
        """Tell whether there is a key."""
        with explained(self.endpoint, f"reading the key {key}"):
            return self._client.kv.get(key)[1] is not None

    def forget(self, prefix: str) -> None:
        """Delete all keys that begin with the prefix; none is fine."""
        with explained(self.endpoint, f"deleting the keys below {prefix}"):
            self._client.kv.delete(prefix, recurse=True)

    def _given(self, answer: tuple[object, Any]) -> Any:
        """Return what py-consul read; it takes "not found", which Consul never says to a list, for None."""
        if answer[1] is None:
            raise BackendError(stranger(self.endpoint, "reading the catalog"))
        return answer[1]
