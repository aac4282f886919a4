from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack import pipeline
from hashistack.compile.aws import compute
from hashistack.compile.aws.compute import image
from hashistack.model import BackingService, Clients, ClientScale, Managed, Servers
from tests.unit.compile.aws.stacks import files, stack

SCALE = ClientScale(60, None, None, None)
CLIENTS = Clients(min=2, max=4, types=("m7g.large",), spot=0, on_demand=0, disk=40 * 1024, scale=SCALE)

EVENTS = BackingService(
    name="events",
    type="kafka",
    engine="kafka",
    version=None,
    nodes=3,
    storage=10 * 1024,
    topics=(),
    buckets=(),
    public=(),
    managed=None,
)


@pytest.mark.parametrize(
    ("name", "server", "client", "disk"),
    [
        ("debian-12", "debian/release/12/latest/amd64", "debian/release/12/latest/arm64", "/dev/xvda"),
        ("debian-13", "debian/release/13/latest/amd64", "debian/release/13/latest/arm64", "/dev/xvda"),
        (
            "ubuntu-24.04",
            "canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
            "canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id",
            "/dev/sda1",
        ),
    ],
)
def test_each_role_has_the_image_of_its_architecture(name: str, server: str, client: str, disk: str) -> None:
    found = image(name, Servers(3, "t3.small"), CLIENTS)
    assert found.parameters == (("server", f"/aws/service/{server}"), ("client", f"/aws/service/{client}"))
    assert (found.ami, found.disk) == (None, disk)


def test_an_ami_is_taken_as_it_is() -> None:
    found = image("ami-0123456789abcdef0", Servers(3, "t3.small"), CLIENTS)
    assert (found.ami, found.parameters, found.disk) == ("ami-0123456789abcdef0", (), None)


def test_other_targets_have_no_machines_here() -> None:
    text = "app: a\nimage: b\nprocesses: {web: {command: c}}\nenvironments: {laptop: {target: local}}\n"
    (laptop,) = pipeline.load(text, "hashistack.yaml").stacks
    assert compute.artifacts(laptop, "hashistack.yaml", "t") == ()


def test_a_newer_image_replaces_nothing_until_it_is_asked_for() -> None:
    nodes = files(compute.artifacts, stack())["nodes.tf"]
    assert "lifecycle {\nignore_changes = [input]\n}" in nodes
    assert 'server = { id = terraform_data.image["server"].output, disk = "/dev/xvda" }' in nodes


def test_an_ami_says_itself_what_its_disk_is_called() -> None:
    nodes = files(compute.artifacts, stack("machine_image: ami-0123456789abcdef0"))["nodes.tf"]
    assert 'values = ["ami-0123456789abcdef0"]' in nodes
    assert "client = { id = data.aws_ami.main.id, disk = data.aws_ami.main.root_device_name }" in nodes
    assert "terraform_data" not in nodes


@pytest.mark.parametrize("name", ["servers.tf", "clients.tf"])
def test_no_container_reaches_the_credentials_of_its_machine(name: str) -> None:
    text = files(compute.artifacts, stack())[name]
    assert 'http_tokens = "required"\nhttp_put_response_hop_limit = 1\n' in text
    assert "encrypted = true" in text


def test_servers_are_never_replaced_by_terraform() -> None:
    servers = files(compute.artifacts, stack("servers: {count: 5, type: t3.small}"))["servers.tf"]
    assert "min_size = 5\nmax_size = 5\ndesired_capacity = 5\n" in servers
    assert 'instance_type = "t3.small"' in servers
    assert 'suspended_processes = ["AZRebalance"]' in servers
    assert "instance_refresh" not in servers


def test_clients_are_as_many_as_scaling_says_and_partly_spot() -> None:
    more = "clients: {min: 2, max: 9, types: [m7g.large, m6g.large], spot: 30, on_demand: 3, disk: 100GiB}"
    clients = files(compute.artifacts, stack(more))["clients.tf"]
    assert "min_size = 2\nmax_size = 9\n" in clients
    assert "ignore_changes = [desired_capacity]" in clients
    assert "on_demand_base_capacity = 3\non_demand_percentage_above_base_capacity = 70\n" in clients
    assert (
        'override {\ninstance_type = "m7g.large"\n}\n\noverride {\ninstance_type = "m6g.large"\n}' in clients
    )
    assert "capacity_rebalance = true" in clients
    assert "volume_size = 100" in clients


def test_without_spot_there_is_nothing_to_rebalance() -> None:
    assert "capacity_rebalance = false" in files(compute.artifacts, stack())["clients.tf"]


def test_a_disk_is_rounded_up_to_gibibytes() -> None:
    clients = files(compute.artifacts, stack("clients: {min: 2, disk: 10241MiB}"))["clients.tf"]
    assert "volume_size = 11" in clients


@pytest.mark.parametrize("name", ["servers.tf", "clients.tf"])
def test_a_machine_joins_before_it_is_in_service_and_leaves_before_it_ends(name: str) -> None:
    text = files(compute.artifacts, stack())[name]
    joined, drain = text.split('name = "joined"')[1], text.split('name = "drain"')[1]
    assert 'LAUNCHING"\nheartbeat_timeout = 1800\ndefault_result = "ABANDON"' in joined
    assert 'TERMINATING"\nheartbeat_timeout = 600\ndefault_result = "CONTINUE"' in drain


def test_clients_without_data_are_replaced_in_a_hurry_and_for_their_age() -> None:
    clients = files(compute.artifacts, stack())["clients.tf"]
    assert "max_instance_lifetime = 2592000\n" in clients
    assert clients.count("max_healthy_percentage = 150\n") == len(("for maintenance", "in a refresh"))
    assert "instance_warmup" not in clients.replace("default_instance_warmup", "")


def test_clients_with_the_data_of_stand_ins_are_replaced_slowly() -> None:
    found = replace(stack(), backing_services=(EVENTS,))
    clients = files(compute.artifacts, found)["clients.tf"]
    assert "max_instance_lifetime" not in clients
    assert clients.count("max_healthy_percentage = 110\n") == len(("for maintenance", "in a refresh"))
    assert "instance_warmup = 600\n" in clients.replace("default_instance_warmup", "")


def test_what_aws_runs_is_no_reason_to_be_slow() -> None:
    managed = replace(EVENTS, managed=Managed(None, False, 7))
    assert compute.pace(replace(stack(), backing_services=(managed,))).most == 150
