"""Stacks for tests, made the way every stack is made: from a descriptor."""

from __future__ import annotations

from datetime import timedelta

from hashistack import pipeline
from hashistack.credentials.service import Issued
from hashistack.model import Stack
from hashistack.plan.actual import Actual, Candidate, JobState
from hashistack.plan.files import JobFile, job_files
from hashistack.plan.planner import Wanted
from hashistack.plan.volumes import Node, Volume

SHOP = """\
app: shop
image: registry.example.com/shop
secrets: [SESSION_KEY]
release: migrate
processes:
  web: {command: serve, port: 8000, routes: [shop.localhost, /api]}
  admin: {command: admin, port: 8001, routes: [admin.shop.internal], internal: true}
  worker: {command: work}
  nightly: {command: report, schedule: "0 3 * * *"}
backing_services:
  cache: {type: redis}
environments:
  laptop: {target: local}
"""


LOCAL = Node("n-1", "local", "default", "", "10.0.0.1", takes=True, free=100_000)
CERTIFIED = Issued(
    frozenset(
        {"localhost", "*.shop-cache.service.consul", "shop-cache.service.consul"}
        | {f"shop-cache-{role}.service.consul" for role in ("primary", "replica", "member")}
    ),
    frozenset({"127.0.0.1", "10.0.0.1"}),
    timedelta(days=300),
    sound=True,
)


def stack(text: str = SHOP) -> Stack:
    return pipeline.load(text, "hashistack.yaml").stacks[0]


def files(text: str = SHOP) -> tuple[JobFile, ...]:
    built = pipeline.build(pipeline.load(text, "hashistack.yaml"), ["laptop"])
    return job_files({file.path: file.content for file in built.files}, "laptop")


def wanted(text: str = SHOP, *, version: str = "v1", adopt: bool = False) -> Wanted:
    return Wanted(stack(text), files(text), version, adopt)


def candidates(text: str = SHOP, *, changed: bool = True) -> dict[str, Candidate]:
    return {file.id: Candidate({"ID": file.id}, file.source, {}, 0, changed) for file in files(text)}


def nothing_there(text: str = SHOP) -> Actual:
    return Actual(candidates=candidates(text), nodes=(LOCAL,))


def all_there(text: str = SHOP, *, changed: bool = False) -> Actual:
    ids = [file.id for file in files(text)]
    return Actual(
        jobs={each: JobState(each, "ingress" if each == "ingress" else "shop", "v1") for each in ids},
        candidates=candidates(text, changed=changed),
        variables={
            "nomad/jobs/shop": frozenset({"SESSION_KEY"}),
            "nomad/jobs/shop-cache": frozenset({"user", "password", "ca"}),
            "nomad/jobs/shop-cache/node": frozenset(
                {"certificate", "key", "node_password", "metrics_password"}
            ),
        },
        services=frozenset({"shop-cache"}),
        releases={"v1": "succeeded"},
        nodes=(LOCAL,),
        volumes=(Volume("v-1", "shop-cache", "n-1", "ready"),),
        certificates={"shop-cache": CERTIFIED},
        formed=frozenset({"shop-cache"}),
    )
