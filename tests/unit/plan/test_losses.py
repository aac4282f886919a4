from __future__ import annotations

from typing import Any

from hashistack.model import Dns
from hashistack.plan.losses import losses, records_of_others


def resource(type_: str, name: str, /, **values: object) -> dict[str, Any]:
    return {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name, "values": values}


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"values": {"root_module": {"resources": list(resources)}}}


def nothing(type_: str, name: str) -> str:
    return ""


def full(type_: str, name: str) -> str:
    return "3 objects"


def test_an_empty_state_loses_nothing() -> None:
    found = losses({"format_version": "1.0"}, nothing)
    assert (found.resources, found.data, found.guarded) == (0, (), ())


def test_databases_are_named_as_in_aws_with_what_is_kept_of_them() -> None:
    found = losses(
        state(
            resource("aws_db_instance", "db", identifier="shop-production-db", skip_final_snapshot=False),
            resource("aws_elasticache_replication_group", "cache", replication_group_id="shop-cache"),
            resource("aws_vpc", "main"),
            {**resource("aws_region", "current"), "mode": "data"},
        ),
        nothing,
    )
    assert found.resources == 3
    assert found.data == (
        "database shop-production-db (a last snapshot of it is kept)",
        "cache shop-cache",
    )
    assert found.guarded == ()


def test_what_is_protected_is_named() -> None:
    found = losses(
        state(
            resource("aws_db_instance", "db", identifier="shop-db", deletion_protection=True),
            resource("aws_lb", "external", name="shop-external", enable_deletion_protection=True),
            resource("aws_lb", "internal", name="shop-internal", enable_deletion_protection=False),
        ),
        nothing,
    )
    assert found.guarded == ("database shop-db", "load balancer shop-external")


def test_a_bucket_counts_by_what_is_in_it() -> None:
    bucket = resource("aws_s3_bucket", "files", bucket="shop-files", force_destroy=True)
    kept = resource("aws_s3_bucket", "logs", bucket="shop-logs", force_destroy=False)
    assert losses(state(bucket, kept), nothing).data == ()
    found = losses(state(bucket, kept), full)
    assert found.data == ("bucket shop-files: 3 objects", "bucket shop-logs: 3 objects")
    assert found.guarded == ("bucket shop-logs: 3 objects",)


def test_records_of_other_platforms_outlive_ours() -> None:
    ours = 'aws_route53_record.app["shop.example.com"]'
    theirs = 'aws_route53_record.other_heroku["shop.example.com"]'
    assert records_of_others(Dns("example.com", False, 10, ()), ["aws_vpc.main", ours, theirs]) == (theirs,)
    assert records_of_others(Dns("example.com", True, 10, ()), [ours, theirs]) == ()
