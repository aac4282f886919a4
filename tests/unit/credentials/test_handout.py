from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import pytest

from hashistack.credentials.complete import complete
from hashistack.credentials.handout import Access, rescue, secrets_env, terraform_variables
from hashistack.credentials.values import Credentials, Found
from tests.unit.credentials.stacks import NOW, Counted, stack

EVERYBODY = {
    "TLS_CA",
    "TLS_CERT",
    "TLS_KEY",
    "CONSUL_GOSSIP_KEY",
    "CONSUL_AGENT_TOKEN",
    "CONSUL_DNS_TOKEN",
    "CONSUL_NOMAD_TOKEN",
}
SERVERS = {"NOMAD_GOSSIP_KEY", "CONSUL_SNAPSHOT_TOKEN"}


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return complete(Found(), stack(), NOW, Counted()).credentials


def handed(credentials: Credentials, name: str) -> dict[str, str]:
    host = next(host for host in stack().environment.hosts if host.name == name)
    lines = secrets_env(host, credentials).reveal().splitlines()
    assert all(line.endswith("'") and line.count("'") == 2 for line in lines)
    return {line.partition("=")[0]: line.partition("=")[2].strip("'") for line in lines}


def test_a_server_gets_more_than_a_client(credentials: Credentials) -> None:
    assert set(handed(credentials, "n1")) == EVERYBODY | SERVERS
    assert set(handed(credentials, "n2")) == EVERYBODY


def test_every_host_gets_its_own_identity(credentials: Credentials) -> None:
    one, two = handed(credentials, "n1"), handed(credentials, "n2")
    assert b64decode(one["TLS_CERT"]).decode() == credentials.hosts["n1"].identity.certificate
    assert b64decode(two["TLS_KEY"]).decode() == credentials.hosts["n2"].identity.key.reveal()
    assert {name for name in EVERYBODY if one[name] != two[name]} == {
        "TLS_CERT",
        "TLS_KEY",
        "CONSUL_AGENT_TOKEN",
    }


def test_no_host_gets_what_is_the_operators(credentials: Credentials) -> None:
    text = "".join("".join(handed(credentials, name).values()) for name in ("n1", "n2"))
    shared = credentials.secrets
    for secret in (shared.consul_management, shared.nomad_management):
        assert secret.reveal() not in text
    keys = [b64decode(handed(credentials, name)["TLS_KEY"]).decode() for name in ("n1", "n2")]
    assert credentials.authority.key.reveal() not in keys


def test_terraform_sees_which_host_has_other_secrets(credentials: Credentials) -> None:
    other = replace(credentials.hosts["n2"], consul=credentials.secrets.consul_dns)
    changed = replace(credentials, hosts={**credentials.hosts, "n2": other})
    before, after = (
        terraform_variables(stack(), each, Access())["secret_versions"] for each in (credentials, changed)
    )
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert before["n1"] == after["n1"]
    assert before["n2"] != after["n2"]
    assert all(len(version) == 16 for version in before.values())


def test_terraform_is_told_how_to_get_there(credentials: Credentials) -> None:
    access = Access({"n1": ["ssh-ed25519 AAAA"]}, "/home/op/.ssh/id")
    values = terraform_variables(stack(), credentials, access)
    assert values["host_keys"] == {"n1": ["ssh-ed25519 AAAA"]}
    assert values["ssh_key_file"] == "/home/op/.ssh/id"
    assert isinstance(values["secrets"], dict)
    assert values["secrets"]["n1"] == secrets_env(stack().environment.hosts[0], credentials).reveal()


def test_the_gossip_keys_are_found_in_what_a_server_has(credentials: Credentials) -> None:
    server, client = (secrets_env(host, credentials).reveal() for host in stack().environment.hosts)
    assert rescue(server) == credentials.secrets.gossip
    assert rescue(client) is None
    assert rescue("nonsense") is None
