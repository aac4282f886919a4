"""What is said at every render."""

from __future__ import annotations

import pytest

from hashistack import pipeline

APP = """\
app: shop
image: shop
processes: {{worker: {{command: ./work}}}}
backing_services: {{cache: {{type: redis}}}}
environments:
  production: {{target: {target}{more}}}
"""
AWS = "aws, region: eu-west-3"


@pytest.mark.parametrize(
    ("target", "more", "codes"),
    [
        ("local", "", []),
        ("onprem", ", hosts: {n1: {address: 10.0.0.1, roles: [server, client]}}", []),
        (AWS, "", ["HS606", "HS607"]),
        (AWS, ", state: example-terraform", ["HS607"]),
        (AWS, ", managed: [cache]", ["HS606"]),
        (AWS, ", managed: [cache], state: example-terraform", []),
    ],
)
def test_what_is_left_to_the_user(target: str, more: str, codes: list[str]) -> None:
    built = pipeline.build(pipeline.load(APP.format(target=target, more=more), "hashistack.yaml"))
    assert [notice.code for notice in built.notices] == codes


HOSTS = ", ".join(f"n{n}: {{address: 10.0.0.{n}, roles: [server, client]}}" for n in (1, 2, 3))
GROWS = "aws, region: eu-west-3, state: terraform"
OWN = f"onprem, hosts: {{{HOSTS}}}"


@pytest.mark.parametrize(
    ("services", "target", "codes"),
    [
        ("db: {type: postgres, nodes: 3}, cache: {type: redis, nodes: 3}", "local", ["HS604"]),
        ("db: {type: postgres, nodes: 3}", OWN, []),
        ("files: {type: object-storage, nodes: 3}", OWN, ["HS608"]),
        ("files: {type: object-storage}", OWN, []),
        ("files: {type: object-storage, nodes: 3}, db: postgres, people: postgres", OWN, ["HS608"]),
        ("files: {type: object-storage, nodes: 3, database: db}, db: postgres, people: postgres", OWN, []),
        (
            "docs: {type: mongodb, nodes: 2}, db: postgres",
            f"{GROWS}, clients: {{min: 1, max: 2}}",
            ["HS607", "HS611"],
        ),
        ("db: {type: postgres, nodes: 3}", f"{GROWS}, clients: {{min: 2, max: 3}}", ["HS607", "HS611"]),
        ("db: {type: postgres, nodes: 3}", f"{GROWS}, clients: {{min: 3, max: 4}}", ["HS607"]),
        ("db: {type: postgres, nodes: 3}", f"{GROWS}, clients: {{min: 2, max: 3}}, managed: [db]", []),
        ("files: {type: object-storage, nodes: 3}, db: {type: postgres}", OWN, []),
        ("things: {type: mqtt}", OWN, ["HS609"]),
        ("things: {type: mqtt, engine: nats}", OWN, []),
        ("files: {type: object-storage, nodes: 3}, db: {type: postgres, backup: files}", OWN, ["HS610"]),
        ("files: {type: object-storage}, db: {type: postgres, backup: files}", OWN, []),
        (
            "files: object-storage, db: {type: postgres, backup: files}",
            f"{GROWS}, managed: [files]",
            ["HS607"],
        ),
        (
            "files: object-storage, db: {type: postgres, backup: files}",
            f"{GROWS}, managed: [db, files]",
            ["HS612"],
        ),
        (
            "files: object-storage, log: {type: kafka, topics: {a: {}}, archive: {topic: a, to: files}}",
            f"{GROWS}, managed: [log, files]",
            ["HS612"],
        ),
        (
            "docs: {type: mongodb}, db: {type: postgres}",
            GROWS,
            ["HS607"],
        ),
    ],
)
def test_what_stand_ins_cannot_do(services: str, target: str, codes: list[str]) -> None:
    text = APP.format(target=target, more="").replace("{cache: {type: redis}}", f"{{{services}}}")
    built = pipeline.build(pipeline.load(text, "hashistack.yaml"))
    assert [notice.code for notice in built.notices] == codes


def test_the_services_of_one_machine_are_named_together() -> None:
    text = APP.format(target="local", more="").replace("{type: redis}}", "{type: redis, nodes: 3}, b: kafka}")
    (notice,) = pipeline.build(pipeline.load(text, "hashistack.yaml")).notices
    assert notice.summary.startswith("one machine, so one node each of cache:")


def said(services: str, target: str) -> list[str]:
    text = APP.format(target=target, more="").replace("{cache: {type: redis}}", f"{{{services}}}")
    return [each.summary for each in pipeline.build(pipeline.load(text, "hashistack.yaml")).notices]


def test_an_object_storage_says_why_it_has_no_database() -> None:
    (alone,) = said("files: {type: object-storage, nodes: 3}", OWN)
    (undecided,) = said("files: {type: object-storage, nodes: 3}, db: postgres, people: postgres", OWN)
    assert alone.startswith("no postgres service, so each of the 3 nodes keeps")
    assert undecided.startswith("`database` names none of db, people, so each of the 3 nodes keeps")


def test_what_a_managed_service_does_without_is_named() -> None:
    (summary,) = said(
        "files: object-storage, db: {type: postgres, backup: files}", f"{GROWS}, managed: [db, files]"
    )
    assert summary.startswith("`backup` of db is left out")


def test_how_many_machines_a_service_needs_from_the_start_is_told() -> None:
    summaries = said("events: {type: kafka, nodes: 3}", f"{GROWS}, clients: {{max: 3}}")
    assert "events has 3 nodes and the group starts with 2 machines: set clients.min to 3" in summaries
