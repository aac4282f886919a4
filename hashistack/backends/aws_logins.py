"""Logins that AWS checks and Terraform must not know: access keys of IAM's users and AUTH tokens of ElastiCache.

Each is changed in two steps with the app's turn between them: first the new one is taken beside the old one, then the
old one is not taken any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from hashistack.backends.aws import explained
from hashistack.diagnostics import BackendError
from hashistack.messages import aws_services as messages
from hashistack.plan.interfaces import Clock
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.service_logins import Login

Client = Callable[[str], Any]
"""boto3's client of a service of AWS, by its name."""

_SETTLING = 10.0  # seconds until a change that ElastiCache has accepted shows in its status
_TICK = 15.0
_PATIENCE = 1800.0  # seconds; a change of two small nodes takes about 10 minutes


class AccessKeys:
    """The access key of one of IAM's users, which has no other use than the key."""

    def __init__(self, aws: Client, user: str) -> None:
        self._iam = aws("iam")
        self._user = user

    def add(self, login: Login, keep: Callable[[Login], None]) -> Login:
        """Make a key unless the remembered one is there still, and remember it at once: its secret is shown once."""
        mine = login.items["access_key"].reveal() if login.items else ""
        known = self._known()
        if login.stage != "new" and mine in known:
            return login
        for (
            key
        ) in known:  # a user has two keys at most; one that is not remembered is left from an interrupted run
            if key != mine:
                self._delete(key)
        with explained(f"making an access key of {self._user}"):
            made = self._iam.create_access_key(UserName=self._user)["AccessKey"]
        items = {
            "access_key": Sensitive(made["AccessKeyId"]),
            "secret_key": Sensitive(made["SecretAccessKey"]),
        }
        added = Login(login.version, items, "added")
        keep(added)
        return added

    def finish(self, login: Login) -> None:
        """Delete every other key."""
        for key in self._known():
            if key != login.items["access_key"].reveal():
                self._delete(key)

    def _known(self) -> list[str]:
        """List the ids of the keys."""
        with explained(f"listing the access keys of {self._user}"):
            found = self._iam.list_access_keys(UserName=self._user)["AccessKeyMetadata"]
        return [str(key["AccessKeyId"]) for key in found]

    def _delete(self, key: str) -> None:
        with explained(f"deleting an access key of {self._user}"):
            self._iam.delete_access_key(UserName=self._user, AccessKeyId=key)


class AuthToken:
    """The AUTH token of one of ElastiCache's replication groups; a new group takes who has none."""

    def __init__(self, aws: Client, group: str, clock: Clock) -> None:
        self._cache = aws("elasticache")
        self._group = group
        self._clock = clock

    def add(self, login: Login, keep: Callable[[Login], None]) -> Login:
        """Let the group take the token beside what it takes now; a group that was made anew knows none."""
        if login.stage != "new" and self._settled()["AuthTokenEnabled"]:
            return login
        keep(login.at("new"))
        self._modify(login, "ROTATE")
        added = login.at("added")
        keep(added)
        return added

    def finish(self, login: Login) -> None:
        """Let the group take no other token, and nobody without one."""
        self._modify(login, "SET")

    def _modify(self, login: Login, strategy: Literal["ROTATE", "SET"]) -> None:
        self._settled()
        with explained(f"changing the AUTH token of {self._group}"):
            self._cache.modify_replication_group(
                ReplicationGroupId=self._group,
                AuthToken=login.items["password"].reveal(),
                AuthTokenUpdateStrategy=strategy,
                ApplyImmediately=True,
            )
        self._clock.wait(_SETTLING)
        self._settled()

    def _settled(self) -> dict[str, Any]:
        """Return the group when no change of it is under way."""
        end = self._clock.now() + _PATIENCE
        while True:
            with explained(f"looking at {self._group}"):
                found = self._cache.describe_replication_groups(ReplicationGroupId=self._group)
            group: dict[str, Any] = found["ReplicationGroups"][0]
            pending = group.get("PendingModifiedValues", {}).get("AuthTokenStatus")
            if group["Status"] == "available" and not pending:
                return group
            if self._clock.now() >= end:
                raise BackendError(messages.cache_busy(self._group, group["Status"], _PATIENCE))
            self._clock.wait(_TICK)
