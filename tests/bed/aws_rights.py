"""Whether a role may do something, by the policies that are attached to it in moto."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Action:
    """Name what is to be done: ``ssm:GetParameter``, the resource's ARN or ``*``, and what conditions look at."""

    name: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def may(iam: Any, role: str, action: Action) -> bool:
    """Tell whether the role's policies allow the action and none denies it; `iam` is a client of boto3."""
    effects = {one["Effect"] for one in _statements(iam, role) if _is_about(one, action)}
    return effects == {"Allow"}


def _statements(iam: Any, role: str) -> Iterator[Mapping[str, Any]]:
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield from _of(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        yield from _of(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _of(document: Any) -> list[Mapping[str, Any]]:
    parsed = json.loads(unquote(document)) if isinstance(document, str) else document
    return _listed(parsed["Statement"])


def _is_about(statement: Mapping[str, Any], action: Action) -> bool:
    if unknown := set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise NotImplementedError(f"a policy has {unknown}, which is not understood here")
    return (
        any(fnmatchcase(action.name.lower(), one.lower()) for one in _listed(statement["Action"]))
        and any(fnmatchcase(action.resource, one) for one in _listed(statement["Resource"]))
        and all(
            _holds(operator, wanted, action.context)
            for operator, wanted in statement.get("Condition", {}).items()
        )
    )


def _holds(operator: str, wanted: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Tell whether a condition holds; one on something that the request has not does not."""
    if operator not in ("StringEquals", "StringLike", "ArnLike"):
        raise NotImplementedError(f"a policy has a condition {operator}, which is not understood here")
    return all(
        any(key in context and fnmatchcase(context[key], value) for value in _listed(values))
        for key, values in wanted.items()
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
