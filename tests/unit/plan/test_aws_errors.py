"""Errors of AWS and Terraform, each with what it must be explained as: `--update-golden` writes what it is now.

A file is the address of the resource, the text, and below the line of dashes what is shown for it. Most texts are from
public reports and from runs of Terraform 1.11.4; some are AWS's words put into the form of the provider or of botocore.
Account numbers and names of people, resources and requests are made up.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hashistack import pipeline
from hashistack.messages import aws_errors as messages
from hashistack.model import Environment
from hashistack.plan import aws_errors
from hashistack.views import human

DATA = Path(__file__).parent / "data" / "aws_errors"
LINE = "-" * 40
SHOP = """\
app: shop
image: registry.example.com/shop
processes:
  web: {command: serve, port: 8000, routes: [shop.example.com]}
backing_services:
  db: {type: postgres}
environments:
  production:
    target: aws
    region: eu-west-1
    domain: shop.example.com
    dns: {zone: example.com}
    account: "123456789012"
    servers: {count: 3, type: t4g.small}
    clients: {min: 2, max: 10, types: [m7g.large]}
    managed: [db]
"""


def production() -> Environment:
    return pipeline.load(SHOP, "hashistack.yaml").stacks[0].environment


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted(DATA.glob("*.txt"))])
def test_what_an_error_is_explained_as(path: Path, request: pytest.FixtureRequest) -> None:
    given, _, expected = path.read_text().partition(f"{LINE}\n")
    address, _, text = given.partition("\n")
    found = aws_errors.explain(text, production(), "" if address == "-" else address)
    shown = f"{human.diagnostic(found)}\n" if found else "nothing\n"
    if request.config.getoption("--update-golden"):
        path.write_text(f"{given}{LINE}\n{shown}")
    else:
        assert shown == expected


def test_every_rule_is_held_against_a_text() -> None:
    texts = [" ".join(path.read_text().partition(f"{LINE}\n")[0].split()) for path in DATA.glob("*.txt")]
    unused = [rule for rule, _ in aws_errors._RULES if not any(map(rule.search, texts))]
    assert unused == []


def test_every_message_is_shown_by_a_text() -> None:
    shown = "".join(path.read_text().partition(f"{LINE}\n")[2] for path in DATA.glob("*.txt"))
    codes = set(re.findall(r"HS\d{3}", Path(messages.__file__).read_text().partition('"""\n')[2]))
    assert {code for code in codes if code not in shown} == {"HS679"}


def test_what_nobody_knows_is_said_as_it_is() -> None:
    assert aws_errors.explain("something quite new", production()) is None
    (found,) = aws_errors.explain_all([("something\n  quite new", "aws_vpc.main")], production())
    assert (found.code, found.summary) == ("HS679", "aws_vpc.main: something quite new")


def test_what_several_resources_share_is_said_once() -> None:
    text = "api error ExpiredToken: The security token included in the request is expired"
    found = aws_errors.explain_all([(text, "aws_vpc.main"), (text, "aws_lb.external")], production())
    assert [each.code for each in found] == ["HS641"]
