"""Access keys and AUTH tokens against botocore's own checks of requests; no AWS is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from hashistack.backends.aws_logins import AccessKeys, AuthToken
from hashistack.diagnostics import BackendError
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.service_logins import Login
from tests.unit.plan.fakes import FakeClock

USER, GROUP, TOKEN = "shop-uploads", "shop-cache", "T" * 40
FIRST, SECOND, LEFT = (f"AKIA{number:016}" for number in (1, 2, 3))


class Stubbed:
    """Clients of AWS that answer as told, in order, and refuse every other request."""

    def __init__(self) -> None:
        session = botocore.session.Session()
        self._clients = {
            name: session.create_client(
                name, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
            )
            for name in ("iam", "elasticache")
        }
        self.stubs = {name: Stubber(client) for name, client in self._clients.items()}

    def __call__(self, service: str) -> Any:
        return self._clients[service]

    def keys(self, *known: str) -> None:
        listed = [
            {"UserName": USER, "AccessKeyId": key, "Status": "Active", "CreateDate": datetime.now(UTC)}
            for key in known
        ]
        self.stubs["iam"].add_response("list_access_keys", {"AccessKeyMetadata": listed}, {"UserName": USER})

    def made(self, key: str) -> None:
        answer = {"UserName": USER, "AccessKeyId": key, "Status": "Active", "SecretAccessKey": f"s-{key}"}
        self.stubs["iam"].add_response("create_access_key", {"AccessKey": answer}, {"UserName": USER})

    def deleted(self, key: str) -> None:
        wanted = {"UserName": USER, "AccessKeyId": key}
        self.stubs["iam"].add_response("delete_access_key", {}, wanted)

    def group(self, status: str = "available", *, enabled: bool = False, pending: str = "") -> None:
        found: dict[str, Any] = {"Status": status, "AuthTokenEnabled": enabled}
        if pending:
            found["PendingModifiedValues"] = {"AuthTokenStatus": pending}
        wanted = {"ReplicationGroupId": GROUP}
        self.stubs["elasticache"].add_response(
            "describe_replication_groups", {"ReplicationGroups": [found]}, wanted
        )

    def modified(self, strategy: str) -> None:
        wanted = {
            "ReplicationGroupId": GROUP,
            "AuthToken": TOKEN,
            "AuthTokenUpdateStrategy": strategy,
            "ApplyImmediately": True,
        }
        self.stubs["elasticache"].add_response("modify_replication_group", {}, wanted)


@pytest.fixture
def aws() -> Iterator[Stubbed]:
    stubbed = Stubbed()
    for stub in stubbed.stubs.values():
        stub.activate()
    yield stubbed
    for stub in stubbed.stubs.values():
        stub.assert_no_pending_responses()


def key(name: str, stage: Any = "done", version: int = 1) -> Login:
    return Login(version, {"access_key": Sensitive(name), "secret_key": Sensitive(f"s-{name}")}, stage)


def never(login: Login) -> None:
    raise AssertionError(f"{login} is remembered")


def test_the_first_key_is_made_and_remembered(aws: Stubbed) -> None:
    kept: list[Login] = []
    aws.keys()
    aws.made(FIRST)
    assert AccessKeys(aws, USER).add(Login(), kept.append) == key(FIRST, "added")
    assert kept == [key(FIRST, "added")]


def test_a_key_that_is_there_stays(aws: Stubbed) -> None:
    aws.keys(FIRST)
    assert AccessKeys(aws, USER).add(key(FIRST), never) == key(FIRST)


def test_a_key_that_somebody_deleted_is_made_anew(aws: Stubbed) -> None:
    aws.keys()
    aws.made(SECOND)
    assert AccessKeys(aws, USER).add(key(FIRST), lambda _: None).items == key(SECOND).items


def test_a_change_leaves_the_key_in_use_and_removes_what_an_interrupted_run_left(aws: Stubbed) -> None:
    aws.keys(FIRST, LEFT)
    aws.deleted(LEFT)
    aws.made(SECOND)
    added = AccessKeys(aws, USER).add(key(FIRST, "new", 2), lambda _: None)
    assert added == key(SECOND, "added", 2)
    aws.keys(FIRST, SECOND)
    aws.deleted(FIRST)
    AccessKeys(aws, USER).finish(added)


def token(stage: Any = "new", version: int = 1) -> Login:
    return Login(version, {"password": Sensitive(TOKEN)}, stage)


def test_a_new_group_takes_the_token_beside_none_and_then_only_it(aws: Stubbed) -> None:
    kept: list[Login] = []
    aws.group()
    aws.modified("ROTATE")
    aws.group("modifying")
    aws.group("available", pending="ROTATING")
    aws.group(enabled=True)
    way = AuthToken(aws, GROUP, FakeClock())
    added = way.add(token(), kept.append)
    assert [login.stage for login in kept] == ["new", "added"]
    aws.group(enabled=True)
    aws.modified("SET")
    aws.group(enabled=True)
    way.finish(added)


def test_a_group_that_has_the_token_is_left_alone(aws: Stubbed) -> None:
    aws.group(enabled=True)
    assert AuthToken(aws, GROUP, FakeClock()).add(token("done"), never) == token("done")


def test_a_group_that_was_made_anew_gets_the_token_again(aws: Stubbed) -> None:
    aws.group(enabled=False)
    aws.group(enabled=False)
    aws.modified("ROTATE")
    aws.group(enabled=True)
    assert AuthToken(aws, GROUP, FakeClock()).add(token("done"), lambda _: None) == token("added")


def test_a_group_that_never_settles_is_named(aws: Stubbed) -> None:
    clock = FakeClock()
    way = AuthToken(aws, GROUP, clock)
    for _ in range(121):
        aws.group("snapshotting")
    with pytest.raises(BackendError) as caught:
        way.add(token("done"), never)
    assert caught.value.diagnostics[0].code == "HS667"
    assert "snapshotting after 30 min" in str(caught.value)


@pytest.mark.parametrize("act", [lambda way: way.add(Login(), never), lambda way: way.finish(key(FIRST))])
def test_a_refusal_says_what_was_refused(aws: Stubbed, act: Callable[[AccessKeys], None]) -> None:
    aws.stubs["iam"].add_client_error("list_access_keys", "AccessDenied", "not you")
    with pytest.raises(BackendError) as caught:
        act(AccessKeys(aws, USER))
    assert caught.value.diagnostics[0].code == "HS622"
