"""What Terraform says of managed services, as entries of Consul and as Nomad variables."""

from __future__ import annotations

from typing import Any

import pytest

from hashistack.diagnostics import BackendError
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.service_logins import Login, as_text, from_text, new_password, next_key
from hashistack.plan.services import NO_LOGIN, PUBLIC_CA, entries, managed_services, renewed, variable_items

OUTPUTS: dict[str, Any] = {
    "db": {
        "type": "postgres",
        "engine": "rds",
        "addresses": ["db.example.com:5432"],
        "meta": {"scheme": "postgres", "database": "shop"},
        "login": {"user": "app", "kind": "password", "of": "shop-db"},
    },
    "events": {
        "type": "kafka",
        "engine": "msk",
        "addresses": ["b-1.example.com:9094", "b-2.example.com:9094"],
        "meta": {"protocol": "SSL"},
        "login": {"user": "", "kind": "none", "of": ""},
    },
}


def test_each_address_is_an_entry_under_the_name_of_the_stand_in() -> None:
    found = entries("shop", managed_services(OUTPUTS))
    assert [(each.service, each.id, each.host, each.port) for each in found] == [
        ("shop-db", "shop-db-1", "db.example.com", 5432),
        ("shop-events", "shop-events-1", "b-1.example.com", 9094),
        ("shop-events", "shop-events-2", "b-2.example.com", 9094),
    ]
    assert {each.node for each in found} == {"aws-shop-db", "aws-shop-events"}
    assert found[0].meta == {"scheme": "postgres", "database": "shop", "ca": PUBLIC_CA}


def test_a_service_may_name_another_authority() -> None:
    meta = {"protocol": "SSL", "ca": "/etc/other.pem"}
    (first, _) = entries("shop", managed_services({"events": {**OUTPUTS["events"], "meta": meta}}))
    assert first.meta == meta


def test_a_service_without_a_login_has_an_empty_one_so_that_nobody_waits_for_it() -> None:
    _, events = managed_services(OUTPUTS)
    items = variable_items(events, NO_LOGIN)
    assert {name: value.reveal() for name, value in items.items()} == {"user": "", "password": ""}


def test_the_variable_has_the_user_and_what_was_made() -> None:
    db, events = managed_services(OUTPUTS)
    login = Login(1, {"password": Sensitive("p")})
    items = variable_items(db, login)
    assert {name: value.reveal() for name, value in items.items()} == {"user": "app", "password": "p"}
    assert variable_items(events, None) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"addresses": ["no-port"]},
        {"addresses": ["host:port"]},
        {"login": {"user": "app", "kind": "certificate", "of": ""}},
        {"login": {}},
        {"meta": None},
    ],
)
def test_an_output_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BackendError) as caught:
        managed_services({"db": {**OUTPUTS["db"], **change}})
    assert caught.value.diagnostics[0].code == "HS665"


def test_logins_come_back_as_they_were() -> None:
    logins = {"db": Login(3, {"password": Sensitive("p"), "user": Sensitive("u")}, "added"), "x": Login()}
    assert from_text(as_text(logins)) == logins


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2, "services": {}}',
        '{"format": 1, "services": {"db": {"version": 1}}}',
        "p@ssword",
    ],
)
def test_what_is_no_login_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match="no logins") as caught:
        from_text(text)
    assert caught.value.__cause__ is None
    assert "p@ssword" not in str(caught.value)


def test_a_password_is_one_that_every_service_takes() -> None:
    first, second = new_password(), new_password()
    assert first.items["password"] != second.items["password"]
    password = first.items["password"].reveal()
    assert len(password) == 40
    assert password.isalnum()
    assert password.isascii()


def test_a_new_login_has_the_next_version_and_begins_anew() -> None:
    db = managed_services(OUTPUTS)[0]
    before = Login(4, {"password": Sensitive("p")}, "done")
    after = renewed(db, before)
    assert (after.version, after.stage) == (5, "new")
    assert after.items["password"] != before.items["password"]


def test_the_place_of_an_access_key_remembers_the_one_that_is_in_use() -> None:
    before = Login(1, {"access_key": Sensitive("AK")}, "done")
    assert next_key(before) == Login(2, before.items, "new")
    assert next_key() == Login(1, {}, "new")
