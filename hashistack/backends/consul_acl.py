"""Consul's access control through its documented HTTP API, as the values of `plan.acl`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hashistack.backends.acl_start import begin
from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.plan.acl import (
    MARK,
    AuthMethod,
    BindingRule,
    ConsulAccess,
    ConsulPolicy,
    ConsulRole,
    ConsulToken,
    ConsulValue,
)
from hashistack.plan.bootstrapper import Begun

_CLAIMS = ("nomad_namespace", "nomad_job_id", "nomad_task", "nomad_service", "consul_namespace")
_METHOD = "nomad-workloads"


class ConsulAcl:
    """Consul asked with the management token of its endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._api = Api(endpoint)

    def begin(self) -> Begun:
        """Make our management token the first one; raise BackendError where another one is."""
        return begin(self._api)

    def access(self) -> ConsulAccess:
        """Return the policies, roles and tokens that are marked as ours, the auth method and its rules."""
        return ConsulAccess((*self._policies(), *self._roles(), *self._tokens()), self._jobs())

    def put(self, value: ConsulValue) -> None:
        """Make something, or change the one of that name."""
        match value:
            case ConsulPolicy(name, description, rules):
                policy = {"Name": name, "Description": description, "Rules": rules}
                self._put("acl/policy", policy, self._api.get(f"acl/policy/name/{name}"))
            case ConsulRole(name, description, policies):
                role = {"Name": name, "Description": description, "Policies": _links(policies)}
                self._put("acl/role", role, self._api.get(f"acl/role/name/{name}"))
            case ConsulToken():
                self._put_token(value)
            case AuthMethod(name):
                found = self._api.get(f"acl/auth-method/{name}")
                self._api.put(f"acl/auth-method/{name}" if found else "acl/auth-method", _method_body(value))
            case BindingRule():
                same = (value.kind, value.name)
                found = next(
                    (each for each in self._rules() if (each["BindType"], each["BindName"]) == same), None
                )
                self._put("acl/binding-rule", _rule_body(value), found)

    def remove(self, value: ConsulToken) -> None:
        """Revoke a token; one that is not there is fine."""
        self._api.delete(f"acl/token/{value.accessor}")

    def _put(self, path: str, body: Mapping[str, object], found: Mapping[str, Any] | None) -> None:
        self._api.put(f"{path}/{found['ID']}" if found else path, body)

    def _put_token(self, token: ConsulToken) -> None:
        body: dict[str, object] = {
            "AccessorID": token.accessor,
            "SecretID": token.secret.reveal(),
            "Description": token.description,
            "Policies": _links(token.policies),
        }
        if token.node:
            body["NodeIdentities"] = [{"NodeName": token.node[0], "Datacenter": token.node[1]}]
        known = {each["AccessorID"] for each in self._api.get("acl/tokens") or []}
        self._api.put(f"acl/token/{token.accessor}" if token.accessor in known else "acl/token", body)

    # --- what is there

    def _policies(self) -> Iterator[ConsulPolicy]:
        for each in self._ours("acl/policies"):
            full = self._api.get(f"acl/policy/{each['ID']}")
            yield ConsulPolicy(full["Name"], full["Description"], full["Rules"])

    def _roles(self) -> Iterator[ConsulRole]:
        for each in self._ours("acl/roles"):
            yield ConsulRole(each["Name"], each["Description"], _names(each))

    def _tokens(self) -> Iterator[ConsulToken]:
        for each in self._ours("acl/tokens"):
            nodes = [(node["NodeName"], node["Datacenter"]) for node in each.get("NodeIdentities") or []]
            node = nodes[0] if nodes else None
            yield ConsulToken(each["AccessorID"], each["Description"], _names(each), node)

    def _jobs(self) -> tuple[AuthMethod | BindingRule, ...]:
        method = self._api.get(f"acl/auth-method/{_METHOD}")
        if method is None:
            return ()
        return (_method(method), *map(_rule, self._rules()))

    def _rules(self) -> list[dict[str, Any]]:
        return self._api.get("acl/binding-rules", authmethod=_METHOD) or []

    def _ours(self, path: str) -> list[dict[str, Any]]:
        return [each for each in self._api.get(path) or [] if each["Description"].startswith(MARK)]


def _names(found: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(link["Name"] for link in found.get("Policies") or [])


def _links(policies: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"Name": name} for name in policies]


def _method(found: Mapping[str, Any]) -> AuthMethod:
    config = found["Config"]
    audiences = config.get("BoundAudiences") or [""]
    url, authority = config.get("JWKSURL", ""), config.get("JWKSCACert", "")
    return AuthMethod(found["Name"], found.get("Description", ""), url, authority, audiences[0])


def _method_body(method: AuthMethod) -> dict[str, object]:
    # Without MaxTokenTTL: Nomad does not renew the tokens that it got for a job.
    return {
        "Name": method.name,
        "Type": "jwt",
        "Description": method.description,
        "TokenLocality": "local",
        "Config": {
            "JWKSURL": method.keys_url,
            "JWKSCACert": method.authority,
            "JWTSupportedAlgs": ["RS256"],
            "BoundAudiences": [method.audience],
            "ClaimMappings": {claim: claim for claim in _CLAIMS},
        },
    }


def _rule(found: Mapping[str, Any]) -> BindingRule:
    return BindingRule(
        method=found["AuthMethod"],
        description=found["Description"],
        kind=found["BindType"],
        name=found["BindName"],
        selector=found["Selector"],
    )


def _rule_body(rule: BindingRule) -> dict[str, object]:
    return {
        "AuthMethod": rule.method,
        "Description": rule.description,
        "BindType": rule.kind,
        "BindName": rule.name,
        "Selector": rule.selector,
    }
