from __future__ import annotations

import pytest

from hashistack.compile.aws.node_env import (
    client_settings,
    common_settings,
    foreign_repository,
    server_settings,
)
from hashistack.render.hcl import Hcl
from tests.unit.compile.aws.stacks import stack

ECR = "210987654321.dkr.ecr.eu-central-1.amazonaws.com"


def test_every_machine_is_told_how_to_find_the_others() -> None:
    settings = dict(common_settings(stack("servers: 5")))
    assert settings["JOIN"] == "aws"
    assert settings["CLUSTER"] == "shop-production"
    assert settings["DATACENTER"] == "production"
    assert settings["SERVER_COUNT"] == "5"
    assert isinstance(settings["PREFIX"], Hcl)
    # These differ from machine to machine, and would make a launch template for each.
    assert not {"NODE_NAME", "ADDRESS", "RACK", "SERVERS", "HOSTS"} & set(settings)


def test_nothing_that_is_empty_takes_room() -> None:
    found = stack("repositories: []")
    for settings in (common_settings(found), server_settings(found), client_settings(found)):
        assert all(value for _, value in settings)


def test_servers_save_their_state_where_a_bucket_is() -> None:
    settings = dict(server_settings(stack("snapshots: {every: 30m, keep: 7}")))
    assert settings == {
        "ROLES": "server",
        "SNAPSHOT_EVERY": "1800",
        "SNAPSHOT_KEEP": "7",
        "SNAPSHOT_BUCKET": "aws_s3_bucket.snapshots.id",
    }


def test_clients_carry_the_ingress() -> None:
    settings = dict(client_settings(stack()))
    assert settings["ROLES"] == "client ingress"
    assert settings["INGRESS_PORTS"] == "80 8081 8082"


@pytest.mark.parametrize(("scale", "metrics"), [("{memory: 70}", "memory"), ("{cpu: 70}", None)])
def test_memory_is_measured_where_it_is_asked_for(scale: str, metrics: str | None) -> None:
    settings = dict(client_settings(stack(f"clients: {{min: 2, max: 3, scale: {scale}}}")))
    assert settings.get("METRICS") == metrics


def test_clients_log_in_to_the_registry_of_the_image() -> None:
    found = stack(image=f"{ECR}/team/shop")
    assert dict(client_settings(found))["REGISTRY"] == ECR
    arn = '"arn:${data.aws_partition.current.partition}:ecr:eu-central-1:210987654321:repository/team/shop"'
    assert foreign_repository(found) == arn


def test_an_image_from_elsewhere_needs_no_login() -> None:
    found = stack()
    assert "REGISTRY" not in dict(client_settings(found))
    assert foreign_repository(found) is None
