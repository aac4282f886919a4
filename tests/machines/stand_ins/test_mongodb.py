"""FerretDB in front of the app's PostgreSQL, with MongoDB's own client: what an app does every day, and who gets in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pymongo
import pytest
from pymongo.errors import OperationFailure, PyMongoError

from tests.local.api import until
from tests.machines.stand_ins.site import StandIns
from tests.machines.times import step

DOCS = "docs"
TASK = "ferretdb"
NODES = 2
SECONDS = 5_000  # of a client's patience, in milliseconds

Client = pymongo.MongoClient[dict[str, Any]]


def url(site: StandIns, node: int = 0, **login: str) -> str:
    """Return what the output `url` of the service is for an app, with this machine's copy of the authority."""
    service = site.catalog(f"health/service/{site.job(DOCS)}?passing")[node]["Service"]
    found = {**site.secret(DOCS), **login}
    options = service["Meta"]["options"].replace(f"/secrets/{DOCS}-ca.pem", str(site.authority(DOCS)))
    who = f"{quote_plus(found['user'])}:{quote_plus(found['password'])}@"
    return f"mongodb://{who}{service['Address']}:{service['Port']}/{service['Meta']['database']}{options}"


def connect(address: str) -> Client:
    """Return a client that gives up soon."""
    return pymongo.MongoClient(address, serverSelectionTimeoutMS=SECONDS)


@pytest.fixture(name="orders")
def _orders(site: StandIns) -> Iterator[pymongo.collection.Collection[dict[str, Any]]]:
    with connect(url(site)) as client:
        orders = client.get_default_database()["orders"]
        orders.drop()
        yield orders
        orders.drop()


def test_documents_are_written_read_changed_and_removed(orders: Any) -> None:
    orders.insert_many([{"_id": n, "customer": f"c{n % 3}", "total": n * 10} for n in range(30)])
    orders.create_index("customer")
    assert orders.count_documents({"customer": "c1"}) == 10
    found = orders.find({"total": {"$gte": 250}}, {"_id": 0, "total": 1}).sort("total", -1).limit(2)
    assert list(found) == [{"total": 290}, {"total": 280}]
    orders.update_one({"_id": 3}, {"$set": {"paid": True}, "$inc": {"total": 5}, "$push": {"notes": "late"}})
    assert orders.find_one({"paid": True}) == {
        "_id": 3,
        "customer": "c0",
        "total": 35,
        "paid": True,
        "notes": ["late"],
    }
    orders.update_one({"_id": 99}, {"$set": {"total": 1}}, upsert=True)
    orders.replace_one({"_id": 99}, {"customer": "c9", "address": {"city": "Turin"}})
    assert orders.find_one({"address.city": "Turin"})["_id"] == 99
    assert orders.find_one_and_update({"_id": 99}, {"$unset": {"address": 1}})["customer"] == "c9"
    assert orders.delete_many({"customer": "c0"}).deleted_count == 10
    assert orders.distinct("customer") == ["c1", "c2", "c9"]


def test_common_stages_of_an_aggregation_work(orders: Any) -> None:
    orders.insert_many(
        [{"_id": n, "customer": f"c{n % 3}", "total": n, "tags": ["a", "b"]} for n in range(9)]
    )
    grouped = [
        {"$match": {"total": {"$gt": 0}}},
        {"$group": {"_id": "$customer", "sum": {"$sum": "$total"}, "orders": {"$count": {}}}},
        {"$sort": {"_id": 1}},
        {"$skip": 1},
        {"$limit": 1},
        {"$project": {"orders": 0}},
    ]
    assert list(orders.aggregate(grouped)) == [{"_id": "c1", "sum": 12}]
    assert list(orders.aggregate([{"$unwind": "$tags"}, {"$count": "n"}])) == [{"n": 18}]
    added = [{"$match": {"_id": 1}}, {"$addFields": {"seen": True}}, {"$unset": "tags"}]
    assert list(orders.aggregate(added)) == [{"_id": 1, "customer": "c1", "total": 1, "seen": True}]


def test_what_it_cannot_do_is_refused_and_not_pretended(orders: Any) -> None:
    orders.insert_one({"_id": 1})
    with pytest.raises(PyMongoError):
        list(
            orders.aggregate([{"$lookup": {"from": "x", "localField": "a", "foreignField": "b", "as": "c"}}])
        )
    with pytest.raises(PyMongoError), orders.watch() as changes:
        changes.try_next()


def test_nobody_gets_in_without_the_right_password_and_tls(site: StandIns) -> None:
    right = url(site)
    with connect(url(site, password="wrong")) as client, pytest.raises(OperationFailure):
        client.get_default_database().list_collection_names()
    scheme, _, rest = right.partition("://")
    anonymous = f"{scheme}://{rest.partition('@')[2]}".replace("authMechanism=PLAIN&", "")
    with connect(anonymous) as client, pytest.raises(PyMongoError):
        client.get_default_database()["orders"].find_one()
    plain = right.partition("?")[0] + "?authMechanism=PLAIN"
    with connect(plain) as client, pytest.raises(PyMongoError):
        client.get_default_database().list_collection_names()


def test_its_login_opens_no_other_database(site: StandIns) -> None:
    """The role of the documents is one of PostgreSQL's: it must not read the app's tables."""
    psycopg = pytest.importorskip("psycopg")
    login, (address, port) = site.secret(DOCS), site.healthy("db")[0]
    words = f"host={address} port={port} user={login['user']} password={login['password']} sslmode=require"
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(f"{words} dbname=shop")


def test_documents_are_there_after_a_restart(site: StandIns, orders: Any) -> None:
    orders.insert_one({"_id": "kept"})
    for instance in site.instances(DOCS):
        site.kill(DOCS, instance, TASK)
    with step("docs: both nodes of FerretDB killed and back"):
        until(lambda: len(site.healthy(DOCS)) < NODES, seconds=60)
        until(lambda: len(site.healthy(DOCS)) == NODES, seconds=90)
    for node in range(NODES):
        with connect(url(site, node)) as client:
            assert client.get_default_database()["orders"].find_one() == {"_id": "kept"}
