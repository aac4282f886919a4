"""What to know before saying yes."""

from __future__ import annotations

from typing import Any

from hashistack.plan.changes import Change, Field, Summary
from hashistack.plan.risks import Mark, marks
from tests.unit.plan.test_changes import plan


def kinds(type_: str, action: Any, name: str = "main", *fields: str) -> list[str]:
    change = Change("it", type_, name, "", "other", action, tuple(map(Field, fields)))
    return [mark.kind for mark in marks(Summary((change,)))]


def test_the_worst_comes_first() -> None:
    assert [(mark.kind, mark.address) for mark in marks(plan("second"))] == [
        ("loses data", "aws_db_instance.db"),
        ("loses data", "aws_s3_bucket.uploads[0]"),
        ("interrupts", "aws_db_instance.reports"),
        ("changes addresses", "aws_eip.nat"),
        ("shifts traffic", "aws_route53_record.web"),
        ("refreshes", "aws_launch_template.client"),
        ("waits", "aws_launch_template.server"),
    ]


def test_making_something_costs_nothing() -> None:
    assert marks(plan("first")) == ()
    assert kinds("aws_db_instance", "create") == []


def test_servers_are_replaced_by_nobody_but_upgrade() -> None:
    (mark,) = (mark for mark in marks(plan("second")) if mark.kind == "waits")
    assert mark == Mark(
        "waits",
        "aws_launch_template.server",
        "servers that run stay as they are until `hashistack upgrade`",
    )


def test_data_is_lost_by_replacing_and_by_destroying() -> None:
    for type_ in ("aws_msk_cluster", "aws_elasticache_replication_group", "aws_docdb_cluster", "aws_kms_key"):
        assert kinds(type_, "replace") == ["loses data"]
        assert kinds(type_, "destroy") == ["loses data"]


def test_what_carries_requests_interrupts_only_where_it_is_made_anew() -> None:
    assert kinds("aws_lb", "replace") == ["interrupts"]
    assert kinds("aws_lb", "destroy") == []


def test_a_database_starts_again_for_another_class_and_not_for_more_disk() -> None:
    assert kinds("aws_db_instance", "update", "db", "engine_version") == ["interrupts"]
    assert kinds("aws_db_instance", "update", "db", "allocated_storage") == []


def test_another_number_of_machines_starts_or_drains_some() -> None:
    assert kinds("aws_autoscaling_group", "update", "client", "max_size") == ["refreshes"]
    assert kinds("aws_autoscaling_group", "update", "client", "tag") == []
