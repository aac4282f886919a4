"""What the data of a stand-in would not survive, told before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hashistack.descriptor.load import load
from hashistack.diagnostics import ConflictError
from hashistack.model import Stack
from hashistack.plan.actual import Actual, Candidate, JobState
from hashistack.plan.names import DATABASE, ENGINE, ENGINE_VERSION, NODES
from hashistack.plan.stand_in_limits import check_limits, refusals
from hashistack.plan.volumes import Node, Volume

HOSTS = "\n".join(f"      n{n}: {{address: 10.0.0.{n}, roles: [server, client]}}" for n in range(1, 6))


def stack(service: str) -> Stack:
    text = (
        "app: shop\nimage: shop\nprocesses:\n  web: {command: serve}\n"
        f"backing_services:\n  it: {{{service}}}\n"
        f"environments:\n  factory:\n    target: onprem\n    hosts:\n{HOSTS}\n"
    )
    application = load(text, "hashistack.yaml").application
    assert application is not None
    return application.stacks[0]


def refused(
    service: str,
    engine: str,
    facts: Mapping[str, str] | None = None,
    *,
    nodes: int = 1,
    version: str = "",
    wants: str = "",
) -> list[tuple[str, str]]:
    """Return code and summary of what is refused; `facts` are what the nodes report."""
    found = refusals(stack(service), actual(engine, nodes, version, wants, facts or {}))
    return [(each.code, each.summary) for each in found]


def actual(engine: str, nodes: int, version: str, wants: str, facts: Mapping[str, str]) -> Actual:
    meta = {ENGINE: engine, NODES: str(nodes), ENGINE_VERSION: version}
    return Actual(
        jobs={"shop-it": JobState("shop-it", "shop", None, meta=meta)},
        candidates={"shop-it": Candidate({"Meta": {ENGINE_VERSION: wants}}, "", {}, 1, changed=True)},
        reports={"shop-it": facts},
    )


def test_what_stays_as_it_is_is_not_refused() -> None:
    service = "type: kafka, nodes: 3, topics: {orders: 6}"
    facts = {"topic.orders": "6 3", "version": "4.3.1"}
    assert refused(service, "kafka", facts, nodes=3, version="4.3.1", wants="4.3.1") == []
    assert refused(service, "kafka", nodes=1) == [], "it may grow"
    assert list(refusals(stack(service), Actual())) == [], "nothing runs yet"


@pytest.mark.parametrize("kind", [("object-storage", "seaweedfs"), ("mqtt, engine: nats", "nats")])
def test_a_single_node_of_some_engines_stays_alone(kind: tuple[str, str]) -> None:
    assert [code for code, _ in refused(f"type: {kind[0]}, nodes: 3", kind[1], nodes=1)] == ["HS706"]


def test_another_engine_cannot_read_the_data() -> None:
    answer = refused("type: mqtt, engine: nats", "rabbitmq")
    assert answer == [("HS700", "it runs rabbitmq, and nats cannot read its data")]


def test_a_cluster_does_not_shrink_and_says_which_topics_would_be_short() -> None:
    ((code, summary),) = refused(
        "type: kafka, topics: {orders: 1}", "kafka", {"topic.orders": "1 3", "topic.small": "1 1"}, nodes=3
    )
    assert (code, summary) == (
        "HS701",
        "it has 3 nodes and cannot shrink to 1: the topics orders have more replicas",
    )
    ((code, summary),) = refused("type: redis", "valkey", nodes=3)
    assert code == "HS701"
    assert "sentinels decide by a majority" in summary


def left(volumes: int, *, formed: bool = True) -> Actual:
    """Return a cluster where a job was removed and its volumes stayed, and one volume of a machine that is gone."""
    nodes = tuple(
        Node(f"id-{n}", f"n{n}", "default", "", f"10.0.0.{n}", True, 9) for n in range(1, volumes + 1)
    )
    held = tuple(Volume(f"v-{n}", "shop-it", f"id-{n}", "ready") for n in range(volumes + 1))
    other = Volume("v-9", "shop-other", "id-1", "ready")
    return Actual(nodes=nodes, volumes=(*held, other), formed=frozenset({"shop-it"} if formed else ()))


def test_what_a_removed_job_left_behind_does_not_shrink_either() -> None:
    (refusal,) = refusals(stack("type: redis"), left(3))
    assert (refusal.code, refusal.summary.split(":")[0]) == ("HS701", "it has 3 nodes and cannot shrink to 1")
    assert list(refusals(stack("type: redis, nodes: 3"), left(3))) == []
    assert list(refusals(stack("type: kafka, nodes: 3"), left(1))) == [], "it may grow"


def test_one_node_that_a_removed_job_left_behind_stays_alone_once_it_had_data() -> None:
    service = stack("type: mqtt, engine: nats, nodes: 3")
    assert [each.code for each in refusals(service, left(1))] == ["HS706"]
    assert list(refusals(service, left(1, formed=False))) == [], "its other volumes are still to be made"


DATABASES = "}\n  db: {type: postgres}\n  people: {type: postgres"


@pytest.mark.parametrize(
    ("service", "kept_in", "told"),
    [
        ("type: object-storage, nodes: 3, database: db" + DATABASES, "db", None),
        ("type: object-storage, nodes: 3, database: db" + DATABASES, None, None),
        ("type: object-storage, nodes: 3", "", None),
        ("type: object-storage, nodes: 3" + DATABASES, "db", "in db; it would begin empty in its own nodes"),
        (
            "type: object-storage, nodes: 3}\n  db: {type: postgres",
            "",
            "in its own nodes; it would begin empty in db",
        ),
        ("type: mongodb, database: people" + DATABASES, "db", "in db; it would begin empty in people"),
    ],
)
def test_what_is_kept_in_a_database_stays_there(service: str, kept_in: str | None, told: str | None) -> None:
    engine = "ferretdb" if "mongodb" in service else "seaweedfs"
    found = actual(engine, 3, "", "", {})
    job = found.jobs["shop-it"]
    meta = job.meta if kept_in is None else {**job.meta, DATABASE: kept_in}
    answer = list(refusals(stack(service), replace(found, jobs={"shop-it": replace(job, meta=meta)})))
    expected = [("HS707", f"it keeps what it has {told}")] if told else []
    assert [(each.code, each.summary) for each in answer] == expected
    assert all(("`database: db`" in each.hint) == (kept_in == "db") for each in answer)


def test_what_has_no_data_may_shrink() -> None:
    database = "type: mongodb, nodes: 1}\n  db: {type: postgres"
    assert refused(database, "ferretdb", nodes=2) == []


@pytest.mark.parametrize(
    ("service", "engine", "reported", "wants", "code"),
    [
        ("type: postgres", "postgres", "17.4", "17", None),
        ("type: postgres", "postgres", "17.4", "18", "HS703"),
        ("type: postgres", "postgres", "17.4", "16", "HS702"),
        ("type: redis", "valkey", "8.1.1", "8.1.0", None),
        ("type: redis", "valkey", "8.1.1", "8.0.2", "HS702"),
        ("type: redis", "valkey", "8.1.1", "9.0.0", None),
        ("type: redis", "valkey", "7.2.1", "9.0.0", "HS703"),
        ("type: redis", "valkey", "8.1.1", "", None),
        ("type: redis", "valkey", "", "7.0", "HS702"),
        ("type: redis", "valkey", "unknown", "latest", None),
    ],
)
def test_versions(service: str, engine: str, reported: str, wants: str, code: str | None) -> None:
    facts = {"version": reported} if reported else {}
    answer = refused(service, engine, facts, version="8.1.1", wants=wants)
    assert [code for code, _ in answer] == ([code] if code else [])


def test_the_way_to_a_distant_version_is_told() -> None:
    found = actual("valkey", 1, "7.2.1", "9.0.0", {})
    (refusal,) = refusals(stack("type: redis"), found)
    assert refusal.hint.endswith("go to 8 first")


def test_kafka_takes_no_partitions_away() -> None:
    service = "type: kafka, topics: {orders: 3, more: 9, new: 1}"
    facts = {"topic.orders": "6 1", "topic.more": "6 1", "topic.gone": "1 1", "topic.odd": "x"}
    answer = refused(service, "kafka", facts)
    assert answer == [("HS704", "orders has 6 partitions, and Kafka cannot take any away to leave 3")]


def test_a_bucket_with_objects_stays() -> None:
    service = "type: object-storage, buckets: [uploads]"
    facts = {"bucket.uploads": "7", "bucket.empty": "0", "bucket.old-one": "12"}
    answer = refused(service, "seaweedfs", facts)
    assert answer == [("HS705", "the bucket old-one is no longer in the descriptor and still has objects")]


def test_all_of_it_is_said_at_once_and_nothing_is_changed() -> None:
    service = "type: kafka, topics: {orders: 3}"
    with pytest.raises(ConflictError) as raised:
        check_limits(stack(service), actual("kafka", 3, "", "", {"topic.orders": "6 1"}))
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == ["HS701", "HS704"]
    assert all(diagnostic.hint.startswith("nothing was changed") for diagnostic in raised.value.diagnostics)
