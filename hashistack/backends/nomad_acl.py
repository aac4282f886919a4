"""Nomad's access control through its documented HTTP API, as the values of `plan.acl`."""

from __future__ import annotations

import json
from typing import Any

from hashistack.backends.acl_start import begin
from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.failures import from_status
from hashistack.diagnostics import BackendError
from hashistack.plan.acl import MARK, NomadAccess, NomadPolicy, NomadToken
from hashistack.plan.bootstrapper import Begun
from hashistack.plan.sensitive import Sensitive

_INTRODUCTION_TTL = "15m"  # a host whose clock is off by minutes must still be able to use it
_OK = 200
_SERVER_ERROR = 500


class NomadAcl:
    """Nomad asked with the management token of its endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._api = Api(endpoint)

    def begin(self) -> Begun:
        """Make our management token the first one; raise BackendError where another one is."""
        return begin(self._api)

    def leader(self) -> str:
        """Return the address of the leader, without its port."""
        return str(self._api.get("status/leader")).rpartition(":")[0]

    def access(self) -> NomadAccess:
        """Return the policies and tokens that are marked as ours, and the names of all nodes."""
        policies = [self._api.get(f"acl/policy/{each['Name']}") for each in self._api.listed("acl/policies")]
        tokens = [_token(each) for each in self._api.listed("acl/tokens")]
        return NomadAccess(
            tuple(_policy(each) for each in policies if each and each["Description"].startswith(MARK)),
            tuple(token for token in tokens if token.name.startswith(MARK)),
            frozenset(node["Name"] for node in self._api.listed("nodes")),
        )

    def put(self, policy: NomadPolicy) -> None:
        """Make a policy, or change the one of that name."""
        body: dict[str, object] = {
            "Name": policy.name,
            "Description": policy.description,
            "Rules": policy.rules,
        }
        if policy.job:
            body["JobACL"] = {"Namespace": "default", "JobID": policy.job}
        self._api.put(f"acl/policy/{policy.name}", body)

    def remove(self, value: NomadPolicy | NomadToken) -> None:
        """Remove a policy or a token; one that is not there is fine."""
        if isinstance(value, NomadPolicy):
            self._api.delete(f"acl/policy/{value.name}")
        elif value.accessor in {each["AccessorID"] for each in self._api.listed("acl/tokens")}:
            self._api.delete(f"acl/token/{value.accessor}")

    def new_token(self, name: str, policy: str) -> NomadToken:
        """Make a token."""
        return _token(self._api.put("acl/token", {"Name": name, "Type": "client", "Policies": [policy]}))

    def secret(self, token: NomadToken) -> Sensitive:
        """Return the secret of a token."""
        return Sensitive(self._api.get(f"acl/token/{token.accessor}")["SecretID"])

    def list_as(self, token: NomadToken, name: str) -> None:
        """List a token under another name."""
        body = {
            "AccessorID": token.accessor,
            "Name": name,
            "Type": "client",
            "Policies": list(token.policies),
        }
        self._api.put(f"acl/token/{token.accessor}", body)

    def introduction(self, host: str, pool: str) -> Sensitive | None:
        """Sign the token with which a new client may register; None while the servers have no key to sign with."""
        body = {"NodeName": host, "NodePool": pool, "TTL": _INTRODUCTION_TTL}
        status, text = self._api.attempt("put", "acl/identity/client-introduction-token", body)
        if status >= _SERVER_ERROR:
            return None
        if status != _OK:
            raise BackendError(from_status(self._api.endpoint, f"introducing {host}", status, text))
        return Sensitive(json.loads(text)["JWT"])

    def ready_nodes(self) -> frozenset[str]:
        """Return the names of the nodes that take jobs."""
        return frozenset(node["Name"] for node in self._api.listed("nodes") if node["Status"] == "ready")


def _policy(found: dict[str, Any]) -> NomadPolicy:
    job = (found.get("JobACL") or {}).get("JobID") or None
    return NomadPolicy(found["Name"], found["Description"], found["Rules"], job)


def _token(found: dict[str, Any]) -> NomadToken:
    return NomadToken(found["AccessorID"], found["Name"], tuple(found.get("Policies") or ()))
