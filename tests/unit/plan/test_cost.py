"""What a month costs, about."""

from __future__ import annotations

from pathlib import Path

import pytest

from hashistack import pipeline
from hashistack.compile import prices
from hashistack.model import Stack
from hashistack.plan.cost import Estimate, estimate


def stack(*keys: str, routes: str = "routes: [shop.example.com]", services: str = "{}") -> Stack:
    more = "".join(f"    {key}\n" for key in keys)
    text = f"""\
app: shop
image: registry.example.com/shop:v1
processes:
  web: {{command: serve, port: 8000, {routes}}}
backing_services: {services}
environments:
  production:
    target: aws
    region: us-east-1
    domain: example.com
    servers: {{count: 3, type: t4g.small}}
{more}"""
    return pipeline.load(text, "hashistack.yaml").stacks[0]


def of(*keys: str, routes: str = "routes: [shop.example.com]", services: str = "{}") -> Estimate:
    found = estimate(stack(*keys, routes=routes, services=services))
    assert found is not None
    return found


def line(found: Estimate, what: str) -> tuple[float, float]:
    return next((each.low, each.high) for each in found.lines if each.what == what)


def near(expected: object) -> object:
    """Compare to the cent."""
    return pytest.approx(expected, abs=0.02)


CLIENTS = "clients: {min: 2, max: 10, types: [m7g.large]}"


def test_servers_run_all_the_time_with_a_disk_of_20_gib() -> None:
    month = 3 * (0.0168 * prices.HOURS + 20 * prices.VOLUME)
    assert line(of(CLIENTS), "servers") == near((month, month))


def test_clients_cost_from_few_to_many() -> None:
    each = 0.0816 * prices.HOURS + 40 * prices.VOLUME
    assert line(of(CLIENTS), "clients") == near((2 * each, 10 * each))


def test_spot_makes_those_above_the_first_cheaper() -> None:
    disk = 40 * prices.VOLUME
    month = 0.0816 * prices.HOURS
    low, _ = line(of("clients: {min: 3, max: 3, types: [m7g.large], spot: true}"), "clients")
    assert low == near(month + 2 * prices.SPOT * month + 3 * disk)


def test_the_cheapest_and_the_dearest_of_several_types() -> None:
    low, high = line(of("clients: {min: 1, max: 1, types: [m7g.large, m7g.xlarge]}"), "clients")
    assert high - low == near(0.0816 * prices.HOURS)


def test_one_nat_gateway_or_one_in_each_zone() -> None:
    one, both = of(CLIENTS, "network: {nat: one}"), of(CLIENTS, "network: {nat: zone}")
    assert line(both, "NAT")[0] == near(2 * line(one, "NAT")[0])


def test_only_load_balancers_that_there_are() -> None:
    assert "load balancers" in [each.what for each in of(CLIENTS).lines]
    assert "load balancers" not in [each.what for each in of(CLIENTS, routes="").lines]


def test_a_bastion_has_an_address_of_its_own() -> None:
    month = (0.0042 + prices.ADDRESS) * prices.HOURS + 8 * prices.VOLUME
    assert line(of(CLIENTS, "bastion: [192.0.2.0/24]"), "bastion") == near((month, month))


def test_what_is_assumed_of_machines_is_what_is_made() -> None:
    folder = Path(__file__).parents[3]
    assert 'instance_type = "t4g.nano"' in (folder / "terraform/aws/bastion.tf.j2").read_text()
    compute = (folder / "hashistack/compile/aws/compute.py").read_text()
    assert "_SERVER_DISK = 20 * _MIB_PER_GIB" in compute


def test_gateway_endpoints_cost_nothing() -> None:
    assert "endpoints" not in [each.what for each in of(CLIENTS).lines]
    low, _ = line(of(CLIENTS, "network: {endpoints: [s3, ssm]}"), "endpoints")
    assert low == near(2 * prices.ENDPOINT * prices.HOURS)


def test_a_database_in_two_zones_costs_twice() -> None:
    services = "{db: {type: postgres, storage: 20GiB}}"
    one = of(CLIENTS, "managed: {db: {instance: db.t4g.small, zones: false}}", services=services)
    both = of(CLIENTS, "managed: {db: {instance: db.t4g.small, zones: true}}", services=services)
    assert line(both, "db")[0] == near(2 * line(one, "db")[0])


def test_what_is_paid_by_use_is_listed_without_a_price() -> None:
    found = of(
        CLIENTS, "managed: [uploads]", services="{uploads: {type: object-storage, buckets: [uploads]}}"
    )
    assert line(found, "uploads") == (0.0, 0.0)


def test_a_type_without_a_price_is_named() -> None:
    assert of("clients: {min: 1, max: 1, types: [x2gd.large]}").unknown == ("x2gd.large",)


def test_the_sum_is_that_of_the_lines() -> None:
    found = of(CLIENTS)
    assert found.low == near(sum(each.low for each in found.lines))
    assert found.low < found.high


def test_other_regions_are_dearer() -> None:
    text = stack(CLIENTS)
    assert text.environment.region == "us-east-1"
    assert prices.factor("eu-west-1") > 1


def test_what_does_not_run_in_a_cloud_has_no_price() -> None:
    text = "app: a\nimage: b:c\nprocesses: {web: {command: d}}\nenvironments: {laptop: {target: local}}\n"
    assert estimate(pipeline.load(text, "hashistack.yaml").stacks[0]) is None
