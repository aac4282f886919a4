from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hashistack.credentials.authority import Leaf, issue, new_authority
from hashistack.credentials.service import Issued, due, leaf, read
from hashistack.credentials.values import Identity
from hashistack.plan.sensitive import Sensitive

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WANTED = leaf("shop-db", ["10.0.0.1", "10.0.0.2"])


def issued(**different: object) -> Issued:
    found = Issued(frozenset(WANTED.names), frozenset(WANTED.addresses), timedelta(days=200), sound=True)
    return replace(found, **different)  # type: ignore[arg-type]


def test_it_has_every_name_of_the_service_and_every_address() -> None:
    assert leaf("shop-db", ["10.0.0.2", "10.0.0.1", "127.0.0.1"]) == Leaf(
        "shop-db",
        (
            "*.shop-db.service.consul",
            "localhost",
            "shop-db-member.service.consul",
            "shop-db-primary.service.consul",
            "shop-db-replica.service.consul",
            "shop-db.service.consul",
        ),
        ("10.0.0.1", "10.0.0.2", "127.0.0.1"),
    )


def test_a_good_one_stays() -> None:
    assert not due(issued(), WANTED)


@pytest.mark.parametrize(
    "found",
    [
        None,
        issued(sound=False),
        issued(lasts=timedelta(days=121)),  # less than a third of a year
        issued(addresses=frozenset({"127.0.0.1", "10.0.0.1"})),
        issued(names=frozenset({"localhost"})),
    ],
)
def test_one_that_is_of_no_more_use_is_made_anew(found: Issued | None) -> None:
    assert due(found, WANTED)


def test_addresses_of_machines_that_have_left_do_no_harm() -> None:
    assert not due(issued(addresses=frozenset({*WANTED.addresses, "10.0.0.9"})), WANTED)


def test_what_was_issued_is_read_back() -> None:
    authority = new_authority("shop-db", NOW)
    mine = issue(authority, WANTED, NOW)
    found = read(mine, authority, authority.certificate, NOW + timedelta(days=65))
    assert found == Issued(
        frozenset(WANTED.names), frozenset(WANTED.addresses), timedelta(days=300), sound=True
    )


def test_it_is_not_sound_without_its_authority_or_where_the_app_knows_another() -> None:
    authority, other = new_authority("shop-db", NOW), new_authority("shop-db", NOW)
    mine = issue(authority, WANTED, NOW)
    for given, told in ((None, authority.certificate), (other, other.certificate), (authority, None)):
        found = read(mine, given, told, NOW)
        assert found is not None
        assert not found.sound
    mixed = Identity(mine.certificate, issue(authority, WANTED, NOW).key)
    found = read(mixed, authority, authority.certificate, NOW)
    assert found is not None
    assert not found.sound


def test_what_cannot_be_read_is_as_good_as_none() -> None:
    assert read(Identity("no certificate", Sensitive("")), None, None, NOW) is None


def test_it_names_what_clients_from_outside_call_it() -> None:
    made = leaf("shop-devices", ["10.0.0.1", "shop.factory.lan", "10.0.0.100"])
    assert set(made.addresses) == {"127.0.0.1", "10.0.0.1", "10.0.0.100"}
    assert "shop.factory.lan" in made.names
