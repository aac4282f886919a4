"""What a resource is about, and what people call it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hashistack.plan.concerns import concern, noun

TEMPLATES = Path(__file__).parents[3] / "terraform" / "aws"


def test_everything_that_is_rendered_is_about_something() -> None:
    text = "".join(path.read_text() for path in TEMPLATES.glob("*.j2"))
    found = set(re.findall(r'^resource "(\w+)" "([^"]+)"', text, re.MULTILINE))
    assert len(found) > 50
    assert {each for each in found if concern(*each) == "other" and each[0] != "terraform_data"} == set()


@pytest.mark.parametrize(
    ("type_", "name", "key", "expected"),
    [
        ("aws_autoscaling_group", "server", "", "servers"),
        ("aws_autoscaling_group", "client", "", "clients"),
        ("terraform_data", "image", "server", "servers"),
        ("terraform_data", "service_db", "", "data"),
        ("aws_instance", "bastion", "", "access"),
        ("aws_security_group", "bastion", "", "access"),
        ("aws_s3_bucket", "uploads", "", "data"),
        ("aws_s3_bucket", "logs", "", "watching"),
        ("aws_route_table", "public", "", "network"),
        ("aws_route53_record", "public", "", "load balancers and names"),
        ("google_sql_database", "db", "", "other"),
    ],
)
def test_what_it_is_about(type_: str, name: str, key: str, expected: str) -> None:
    assert concern(type_, name, key) == expected


def test_what_it_is_called() -> None:
    assert noun("aws_db_instance") == "database"
    assert noun("aws_iam_role_policy") == "IAM role policy"
