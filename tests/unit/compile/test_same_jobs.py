"""One descriptor on AWS and on machines of one's own: the same jobs, but for what belongs to the target."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack import pipeline
from hashistack.compile.ingress import ingress_job
from hashistack.model import Stack
from hashistack.render import render

APP = """\
app: shop
image: registry.example.com/shop
env: {CACHE_URL: "${cache.url}", DATABASE_URL: "${db.url}"}
secrets: [SESSION_KEY]
release: ./migrate
processes:
  web: {command: ./web, port: 8000, health: /health, routes: [shop.example.com], scale: {min: 2, max: 4, cpu: 70}}
  admin: {command: ./admin, port: 8001, routes: [admin.shop.internal], internal: true}
  worker: {command: ./work}
  nightly: {command: ./report, schedule: "@daily"}
backing_services:
  cache: {type: redis}
  db: {type: postgres}
  devices: {type: mqtt, public: [8883]}
environments:
  onprem:
    target: onprem
    domain: shop.example.com
    hosts: {n1: {address: 10.0.0.11, roles: [server, client, ingress]}}
  aws: {target: aws, region: eu-west-3, domain: shop.example.com%s}
"""
INGRESS = "ingress.nomad.hcl"


def jobs(more: str = "") -> dict[str, dict[str, str]]:
    """Return the text of every job by environment and name."""
    found: dict[str, dict[str, str]] = {"aws": {}, "onprem": {}}
    for file in pipeline.build(pipeline.load(APP % more, "hashistack.yaml")).files:
        environment, folder, name = file.path.split("/", 2)
        if folder == "jobs":
            found[environment][name] = file.content.decode()
    return found


def test_all_but_the_ingress_are_byte_for_byte_the_same() -> None:
    found = jobs()
    aws, onprem = found["aws"], found["onprem"]
    assert {"shop.nomad.hcl", "shop-release.nomad.hcl", "shop-nightly.nomad.hcl", INGRESS} < set(aws)
    assert set(aws) == set(onprem)
    assert {name for name in aws if aws[name] != onprem[name]} == {INGRESS}


def test_the_ingress_differs_in_https_and_in_what_is_before_it() -> None:
    stacks = {stack.environment.name: stack for stack in pipeline.load(APP % "", "hashistack.yaml").stacks}
    ingress = replace(stacks["onprem"].environment.ingress, tls_port=None)
    plain = replace(stacks["onprem"], environment=replace(stacks["onprem"].environment, ingress=ingress))
    aws, onprem = (text(stack).splitlines() for stack in (stacks["aws"], plain))
    assert [line.strip() for line in aws if line not in onprem] == [
        '"--entrypoints.public.transport.lifecycle.requestacceptgracetimeout=15s",',
        '"--entrypoints.internal.transport.lifecycle.requestacceptgracetimeout=15s",',
        '"--entrypoints.tcp-8883.transport.lifecycle.requestacceptgracetimeout=15s",',
        '"--entrypoints.public.forwardedheaders.trustedips=10.20.0.0/16",',
        '"--entrypoints.internal.forwardedheaders.trustedips=10.20.0.0/16",',
    ]
    assert [line.strip() for line in onprem if line not in aws] == [
        '"--entrypoints.public.transport.lifecycle.requestacceptgracetimeout=5s",',
        '"--entrypoints.internal.transport.lifecycle.requestacceptgracetimeout=5s",',
        '"--entrypoints.tcp-8883.transport.lifecycle.requestacceptgracetimeout=5s",',
    ]


def text(stack: Stack) -> str:
    """Return the job of the ingress."""
    (artifact,) = ingress_job(stack, "hashistack.yaml")
    return render(artifact).content.decode()


def test_a_managed_service_takes_only_its_own_job_away() -> None:
    stand_in, managed = jobs()["aws"], jobs(", managed: [cache, db]")["aws"]
    assert set(stand_in) - set(managed) == {"shop-cache.nomad.hcl", "shop-db.nomad.hcl"}
    assert all(stand_in[name] == text for name, text in managed.items())


@pytest.mark.parametrize("environment", ["aws", "onprem"])
def test_a_public_port_is_an_entry_point_of_the_ingress(environment: str) -> None:
    text = jobs()[environment][INGRESS]
    assert 'port "tcp_8883" {\n        static = 8883\n' in text
    assert '"--entrypoints.tcp-8883.address=:8883",' in text
