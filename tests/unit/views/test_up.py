"""What `up --dry-run` and `replace-node` print before anything is done."""

from __future__ import annotations

import io
import json

import pytest

from hashistack.messages import stand_in_members as messages
from hashistack.plan.members import Place
from hashistack.plan.replace_node import Farewell, Release
from hashistack.plan.stand_ins import stand_ins
from hashistack.plan.steps import Plan, RemoveJob
from hashistack.views import replace_node, up
from hashistack.views.console import Console
from tests.unit.plan.stacks import stack

PLAN = Plan((RemoveJob("shop-old"),), (), (messages.member_missing("shop-db", ["h2"], 3, "factory"),))


def test_what_to_know_is_told_beside_the_steps() -> None:
    out, err = io.StringIO(), io.StringIO()
    up.show_plan(Console(out, err), PLAN)
    assert out.getvalue() == "remove job shop-old\n"
    assert err.getvalue().startswith("warning[HS758]: shop-db goes on with 2 of 3 members")


def test_as_json_it_is_in_the_document() -> None:
    out, err = io.StringIO(), io.StringIO()
    up.show_plan(Console(out, err, json=True), PLAN)
    assert [each["code"] for each in json.loads(out.getvalue())["diagnostics"]] == ["HS758"]
    assert err.getvalue() == ""


@pytest.mark.parametrize(
    ("last", "words"),
    [(False, "the others have everything"), (True, "what it has is lost, and it begins empty")],
)
def test_it_is_said_what_becomes_of_the_data(last: bool, words: str) -> None:
    err = io.StringIO()
    place = Place("hashistack/shop-cache/members/1", "shop-cache", "1", "id-2", "10.0.0.2", 1)
    release = Release(stand_ins(stack())[0], (), (place,), last)
    replace_node.about_to(Console(io.StringIO(), err), Farewell("h2", (release,), ()), Plan(()))
    assert err.getvalue() == f"shop-cache: member 1 on h2 is given up; {words}\n"
