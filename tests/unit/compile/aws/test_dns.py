from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack.compile.aws import dns
from hashistack.model import Dns, OtherRecord
from tests.aws import matrix

STACK = matrix.stack("moving")
ZONE = Dns("example.com", False, 10, ())


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("192.0.2.1", "address"),
        ("old-123.eu-west-1.elb.amazonaws.com", "balancer"),
        ("old-123.elb.eu-west-1.amazonaws.com", "balancer"),
        ("d111.cloudfront.net", "distribution"),
        ("old.example.com", "record"),
        ("example.com", "record"),
        ("badexample.com", "name"),
        ("shop.herokudns.com", "name"),
    ],
)
def test_what_a_target_is(target: str, kind: str) -> None:
    assert dns.kind(target, "example.com") == kind


def test_the_region_of_a_load_balancer_stands_in_its_name() -> None:
    found = dns.names(
        STACK, replace(ZONE, others=(OtherRecord("old", "old-1.elb.us-east-1.amazonaws.com", 1),))
    )
    assert found.others[0].balancer == dns.Balancer("us-east-1", "network")


def test_records_are_aliases() -> None:
    found = dns.names(STACK, ZONE)
    assert (found.hosts, found.type, found.weight) == (("shop.example.com", "www.example.com"), "A", 10)


def test_beside_a_foreign_name_all_are_cnames() -> None:
    others = (
        OtherRecord("heroku", "shop.herokudns.com", 90),
        OtherRecord("old", "old-1.eu-west-1.elb.amazonaws.com", 5),
    )
    assert dns.names(STACK, replace(ZONE, others=others)).type == "CNAME"


def test_the_name_of_the_zone_is_kept_apart() -> None:
    found = dns.names(matrix.stack("apex"), ZONE)
    assert (found.apex, found.hosts) == ("example.com", ("www.example.com",))


def test_without_a_weight_all_traffic_comes_here() -> None:
    assert dns.names(STACK, replace(ZONE, weight=None)).weight is None
