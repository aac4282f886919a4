import json
from pathlib import Path

from tests.bed import agent_files
from tests.bed.agent_files import Ports, Settings
from tests.bed.network import Interface

SETTINGS = Settings(
    Path("/bed/one"),
    "unix:///bed/docker.sock",
    Ports(1, 2, 3, 4, 5, 6),
    Interface("docker0", "172.17.0.1"),
    (7, 9),
)


def test_consul_listens_on_its_own_ports_only() -> None:
    ports = agent_files.consul(SETTINGS)["ports"]
    assert {name: port for name, port in ports.items() if port > 0} == {"http": 1, "server": 2, "serf_lan": 3}


def test_nomad_is_told_of_the_same_consul_and_docker() -> None:
    content = agent_files.nomad(SETTINGS)
    assert content["consul"]["address"] == "127.0.0.1:1"
    assert content["plugin"][0]["docker"]["config"][0]["endpoint"] == "unix:///bed/docker.sock"
    assert content["ports"] == {"http": 4, "rpc": 5, "serf": 6}


def test_services_get_the_address_that_containers_reach() -> None:
    client = agent_files.nomad(SETTINGS)["client"]
    assert client["network_interface"] == "docker0"
    assert (client["min_dynamic_port"], client["max_dynamic_port"]) == (7, 9)


def test_all_state_is_below_the_folder_of_the_bed() -> None:
    for content in (agent_files.consul(SETTINGS), agent_files.nomad(SETTINGS)):
        assert content["data_dir"].startswith("/bed/one/")
        json.dumps(content)
