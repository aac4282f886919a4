"""What `plan` prints: changes by what they are about, loud marks, the cost, the room."""

from __future__ import annotations

import io
import json

import pytest

from hashistack import pipeline
from hashistack.diagnostics import Exit
from hashistack.model import Stack
from hashistack.plan.changes import Summary
from hashistack.plan.cost import estimate
from hashistack.plan.fit import fit
from hashistack.views import plan as views
from hashistack.views.console import Console
from tests.unit.plan.test_aws_errors import SHOP
from tests.unit.plan.test_changes import plan


def stack() -> Stack:
    return pipeline.load(SHOP, "hashistack.yaml").stacks[0]


def shown(summary: Summary, *, as_json: bool = False, verbose: bool = False) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    outlook = views.Outlook("production", summary, estimate(stack()), fit(stack()), ())
    views.show(Console(out, err, json=as_json, verbose=verbose), outlook, Exit.CHANGES)
    return out.getvalue(), err.getvalue()


def test_new_resources_are_counted_in_a_line() -> None:
    out, err = shown(plan("first"))
    assert "network\n  + Elastic IP, 2 subnets, VPC\n" in out
    assert err == "production: 11 to create\n"


def test_verbose_names_each() -> None:
    out, _ = shown(plan("first"), verbose=True)
    assert "  + subnet private eu-west-1b\n" in out
    assert "2 subnets" not in out


def test_changes_say_what_and_marks_say_what_to_know() -> None:
    out, err = shown(plan("second"))
    assert (
        "  ~ database reports: instance_class db.t4g.small -> db.t4g.medium, multi_az false -> true\n" in out
    )
    assert "  ± database db REPLACED because of identifier\n" in out
    assert "  - bucket uploads 0 DESTROYED\n" in out
    assert "  ~ SSM parameter note: value (secret)\n" in out
    assert "\nLOSES DATA         aws_db_instance.db: the database is removed" in out
    assert "somebody has removed aws_s3_bucket.logs outside Terraform\n" in out
    assert err == "production: 2 to create, 5 to change in place, 2 to REPLACE, 1 to DESTROY\n"


def test_the_cost_is_said_to_be_an_estimate() -> None:
    out, _ = shown(plan("first"))
    assert "a month, estimated (list prices of " in out
    assert "  in all, about" in out
    assert "not counted: traffic" in out


def test_the_room_on_few_machines_and_on_many() -> None:
    out, _ = shown(plan("first"))
    assert "  2 x m7g.large: processes ask for " in out
    assert "  10 x m7g.large: processes ask for " in out


def test_machines_too_small_for_what_is_always_there() -> None:
    small = pipeline.load(SHOP.replace("m7g.large", "t4g.nano"), "hashistack.yaml").stacks[0]
    out = io.StringIO()
    outlook = views.Outlook("production", plan("first"), estimate(small), fit(small), ())
    views.show(Console(out, io.StringIO()), outlook, Exit.CHANGES)
    assert "of the CPU, all of the memory; not all find room\n" in out.getvalue()


def test_nothing_to_change() -> None:
    _, err = shown(Summary(()))
    assert err == "production: nothing to change\n"


def test_programs_get_all_of_it() -> None:
    out, _ = shown(plan("second"), as_json=True)
    document = json.loads(out)
    assert document["exit_code"] == 2
    assert document["pending"] is True
    assert document["marks"][0]["kind"] == "loses data"
    assert document["cost"]["low"] < document["cost"]["high"]
    assert document["fit"]["kind"] == "m7g.large"
    assert {each["action"] for each in document["changes"]} == {"create", "update", "replace", "destroy"}


@pytest.mark.parametrize("as_json", [False, True])
def test_up_shows_the_same_before_it_asks(as_json: bool) -> None:
    out, err = io.StringIO(), io.StringIO()
    views.show_changes(Console(out, err, json=as_json), plan("second"), "production")
    if as_json:
        record = json.loads(out.getvalue())
        assert (record["event"], record["environment"]) == ("plan", "production")
    else:
        assert out.getvalue() == ""
        assert "LOSES DATA" in err.getvalue()
