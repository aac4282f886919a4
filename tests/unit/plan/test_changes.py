"""Plans that a real Terraform 1.11.4 wrote, shortened; the two databases are put in by hand, in the same form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hashistack.plan.changes import Change, Field, Summary, summarise

DATA = Path(__file__).parent / "data" / "plans"


def plan(name: str) -> Summary:
    return summarise(json.loads((DATA / f"{name}.json").read_text()))


def change(address: str) -> Change:
    return next(each for each in plan("second").changes if each.address == address)


def one(**change: Any) -> Summary:
    resource = {
        "address": "aws_vpc.main",
        "mode": "managed",
        "type": "aws_vpc",
        "name": "main",
        "change": change,
    }
    return summarise({"resource_changes": [resource]})


def test_what_is_new_is_counted_by_what_it_is_about() -> None:
    summary = plan("first")
    assert {concern: len(changes) for concern, changes in summary.by_concern().items()} == {
        "network": 4,
        "load balancers and names": 2,
        "servers": 1,
        "clients": 1,
        "data": 1,
        "access": 1,
        "watching": 1,
    }
    assert (summary.count("create"), summary.pending, summary.gone) == (11, True, ())


def test_every_action_is_told_apart() -> None:
    summary = plan("second")
    assert (summary.count("create"), summary.count("update")) == (2, 5)
    assert (summary.count("replace"), summary.count("destroy")) == (2, 1)


def test_values_that_change_are_shown_where_they_are_short() -> None:
    assert change("aws_db_instance.reports").fields == (
        Field("instance_class", "db.t4g.small", "db.t4g.medium"),
        Field("multi_az", "false", "true"),
    )
    assert change("aws_route53_record.web").fields == (
        Field("weighted_routing_policy", "weight 10", "weight 25"),
    )


def test_what_only_follows_from_a_change_is_not_shown() -> None:
    assert [field.name for field in change("aws_launch_template.client").fields] == ["image_id", "user_data"]


def test_a_start_script_is_named_only() -> None:
    assert change("aws_launch_template.server").fields == (Field("user_data"),)


def test_no_secret_is_shown() -> None:
    text = (DATA / "second.json").read_text()
    assert "not-a-real-one" in text
    assert change("aws_ssm_parameter.note").fields == (Field("value", None, "(secret)"),)
    assert "not-a-real-one" not in repr(plan("second"))


def test_why_something_is_replaced() -> None:
    assert change("aws_db_instance.db").because == ("identifier",)
    assert change("aws_eip.nat").because == ("network_border_group",)


def test_what_others_have_removed_is_named() -> None:
    assert plan("second").gone == ("aws_s3_bucket.logs",)


def test_a_resource_is_called_as_people_call_it() -> None:
    assert change("aws_db_instance.db").words == "database db"
    assert plan("first").by_concern()["network"][-1].words == "VPC"
    subnet = next(each for each in plan("first").changes if each.type == "aws_subnet")
    assert subnet.words == "subnet private eu-west-1a"


def test_reading_and_keeping_is_no_change() -> None:
    assert not one(actions=["no-op"]).pending
    assert not one(actions=["read"]).pending
    assert one(actions=["forget"]).count("forget") == 1


def test_an_output_alone_is_to_be_written_too() -> None:
    assert summarise({"output_changes": {"url": {"actions": ["update"]}}}).pending
    assert not summarise({"output_changes": {"url": {"actions": ["no-op"]}}}).pending


def test_a_value_that_is_not_known_yet_is_said_so() -> None:
    (found,) = one(actions=["update"], before={"a": "1"}, after={}, after_unknown={"a": True}).changes
    assert found.fields == (Field("a", None, "(known afterwards)"),)
