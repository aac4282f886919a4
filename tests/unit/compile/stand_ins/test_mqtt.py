"""The brokers' jobs: routes of the ingress, and EMQX's configuration, which no test can run, key by key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hashistack import pipeline

KEYS = Path(__file__).with_name("emqx-5.8.9-keys.txt")
APP = """\
app: shop
image: registry.example.com/shop
processes: {{web: {{command: ./web}}}}
backing_services:
  devices: {{type: mqtt, engine: {engine}, nodes: {nodes}{more}}}
environments:
  factory:
    target: onprem
    hosts:
      n1: {{address: 10.0.0.11, roles: [server, client, ingress]}}
      n2: {{address: 10.0.0.12, roles: [server, client]}}
      n3: {{address: 10.0.0.13, roles: [server, client]}}
"""
engines = pytest.mark.parametrize("engine", ["rabbitmq", "nats", "emqx"])


def job(engine: str, nodes: int = 3, more: str = "") -> str:
    """Return the text of the broker's job."""
    application = pipeline.load(APP.format(engine=engine, nodes=nodes, more=more), "hashistack.yaml")
    files = pipeline.build(application).files
    return next(file.content.decode() for file in files if file.path == "factory/jobs/shop-devices.nomad.hcl")


@engines
def test_a_public_port_is_led_to_the_broker_as_it_is(engine: str) -> None:
    text = job(engine, more=", public: [8883]")
    assert '"traefik.tcp.routers.shop-devices-8883.entrypoints=tcp-8883"' in text
    assert '"traefik.tcp.routers.shop-devices-8883.rule=HostSNI(`*`)"' in text
    assert "tls" not in "".join(re.findall(r'"traefik[^"]*"', text))


@engines
def test_without_public_ports_the_ingress_knows_nothing_of_it(engine: str) -> None:
    assert "traefik" not in job(engine)


@engines
def test_no_login_is_in_the_job(engine: str) -> None:
    text = job(engine)
    assert "guest" not in re.sub(r"#.*", "", text)
    for value in re.findall(r"(?:password|cookie)\"?(?:: | = )(.*)", text):
        assert value.startswith("{{"), value


def test_a_single_node_of_nats_is_no_cluster() -> None:
    assert "routes:" in job("nats")
    assert "routes:" not in job("nats", nodes=1)


def test_every_key_of_emqx_is_in_its_schema_with_a_value_that_it_takes() -> None:
    known = _schema()
    pairs = list(_pairs(job("emqx")))
    assert len(pairs) > 40
    for key, value in pairs:
        names = [name for name in known if _matches(name, key)]
        assert names, f"EMQX 5.8.9 has no key {key}"
        values = known[names[0]]
        assert not values or value in values, f"{key} = {value}, which is none of {values}"


def test_emqx_has_an_authenticator_or_anybody_would_come_in() -> None:
    pairs = dict(_pairs(job("emqx")))
    assert pairs["authentication.mechanism"] == "password_based"
    assert pairs["listeners.tcp.default.enable"] == "false"
    assert pairs["cluster.proto_dist"] == "inet_tls"


def _schema() -> dict[str, list[str]]:
    lines = [line for line in KEYS.read_text().splitlines() if line and not line.startswith("#")]
    return {line.split()[0]: line.split()[1:] for line in lines}


def _matches(name: str, key: str) -> bool:
    return re.fullmatch(re.escape(name).replace(r"\[name\]", "[a-z]+"), key) is not None


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Return the keys and values of `emqx.conf`, and of what `start.sh` sets by the environment."""
    _, _, rest = text.partition('destination = "secrets/emqx.conf"')
    body = rest[rest.index("<<EOT\n") + 6 : rest.index("\nEOT")]
    inside = ""
    for line in body.splitlines():
        if not line.strip() or line.lstrip().startswith("#") or line.strip() in "{":
            continue
        if line.endswith("= ["):
            inside = line.removesuffix(" = [").strip() + "."
        elif line.strip() in ("}", "]"):
            inside = "" if line.strip() == "]" else inside
        else:
            key, value = line.strip().split(" = ", 1)
            yield inside + key, value.strip('"')
    for name, value in re.findall(r"export EMQX_(\w+__\w+)=\"?(\S+)", text):
        yield name.lower().replace("__", "."), value


def test_another_version_is_of_the_same_variant() -> None:
    text = job("nats", more=", version: 2.15.1")
    assert '"nats:2.15.1-alpine"' in text
    assert '"nats:2.15.1-scratch"' in job("nats", more=", version: 2.15.1-scratch")
