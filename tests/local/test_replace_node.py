"""A machine dies for good: its member of a stand-in comes back elsewhere, on a real Nomad of four machines.

Told as it happens: the tests stand in their order and share one cluster. The stand-in is as small as it goes; a script
of the test's own plays the part in which a member takes its place in Consul.
"""

from __future__ import annotations

import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hashistack import pipeline
from hashistack.backends.cluster import SystemClock
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.holders import Holders
from hashistack.backends.nomad import Nomad
from hashistack.backends.reports import PATIENT, Reports
from hashistack.backends.volumes import Volumes
from hashistack.diagnostics import HashistackError
from hashistack.plan.actual import Variable
from hashistack.plan.node_replacer import NodeReplacer
from hashistack.plan.progress import Event, Removed
from hashistack.plan.replace_node import Farewell, Release, check_loss, check_safety, farewell
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import Plan
from tests.bed import agents
from tests.bed.cleanup import containers_of
from tests.bed.engine import Engine
from tests.conftest import needed
from tests.local import api, upkeep
from tests.local.clients import Client, clients, start

STAND_IN = replace(upkeep.STAND_IN, nodes=3)
NAMES = ("h1", "h2", "h3", "h4")
# As every stand-in has it: nothing takes the place of a member that may come back.
BOUND = """\
    disconnect {
      lost_after = "1h"
      replace    = false
    }
"""
GROUP = f"""\
    count = 3

    constraint {{
      operator = "distinct_hosts"
      value    = "true"
    }}

{BOUND}"""
# One node is the same in small.
ALONE = "upkeep-alone"
ALONE_JOB = upkeep.JOB.replace('"upkeep"', f'"{ALONE}"').replace("    count = 1\n", BOUND)
ALONE_STACK = """\
app: upkeep
image: registry.example.com/upkeep
processes:
  worker: {command: work}
backing_services:
  alone: {type: redis}
environments:
  factory:
    target: onprem
    domain: shop.lan
    ssh: {user: root}
    hosts:
      h4: {address: 10.0.0.4, roles: [server, client, ingress]}
"""


@dataclass
class Site:
    """The cluster, and what was reported."""

    nomad: Nomad
    consul: str
    clients: dict[str, Client]
    events: list[Event] = field(default_factory=list)

    @property
    def holders(self) -> Holders:
        return Holders(Endpoint("Consul", self.consul), self.nomad.endpoint)

    @property
    def ids(self) -> dict[str, str]:
        return {node["Name"]: node["ID"] for node in self.nomad.nodes()}

    def report(self, event: Event) -> None:
        self.events.append(event)

    def running(self, job: str = "upkeep") -> set[str]:
        """Name the machines on which a member runs, as far as Nomad knows."""
        return {
            each["NodeName"]
            for each in self.nomad.allocations(job)
            if each["ClientStatus"] == "running" and each["DesiredStatus"] == "run"
        }

    def take_place(self, member: int, node: str, job: str = "upkeep") -> None:
        self.write(f"{job}/members/{member}", f"{node} 10.0.0.{member}")

    def write(self, key: str, value: str) -> None:
        url = f"{self.consul}/v1/kv/hashistack/{key}"
        urllib.request.urlopen(urllib.request.Request(url, value.encode(), method="PUT"), timeout=10).close()

    def keys(self, job: str) -> list[str]:
        """List what Consul knows of a stand-in."""
        try:
            found: list[str] = api.get(self.consul, f"/v1/kv/hashistack/{job}?keys")
        except urllib.error.HTTPError:  # none: 404
            return []
        return found

    def volume(self, name: str, job: str = "upkeep") -> None:
        disks = Volumes(self.nomad.endpoint)
        made = disks.create(job, self.ids[name], 10)
        api.until(lambda: disks.state(made) == "ready")

    def parting(self, name: str) -> Farewell:
        """Return what `replace-node` would, for a stack whose only stand-in is ours."""
        holdings = self.holders.read(("upkeep",))
        away = {node.id for node in holdings.machines if node.name == name and node.status != "ready"}
        places = tuple(place for place in holdings.places if place.node in away)
        volumes = tuple(volume for volume in holdings.volumes if volume.node in away)
        gone = {volume.id for volume in volumes}
        claims = tuple(claim for claim in holdings.claims if claim.volume in gone)
        release = Release(STAND_IN, claims, places)
        return Farewell(name, (release,), tuple(away), frozenset(away), volumes)


@pytest.fixture(scope="module")
def site(docker: Engine, nomad_binary: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        with needed():
            pair = stack.enter_context(agents.running(docker))
        # The path of a socket below it may have 107 bytes.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hs-")))
        started = stack.enter_context(clients(docker, pair, nomad_binary, folder, NAMES))
        site = Site(Nomad(Endpoint("Nomad", pair.nomad_addr)), pair.consul_addr, started)
        for name in NAMES[:3]:
            site.volume(name)
        job = api.submit(pair.nomad_addr, upkeep.JOB.replace("    count = 1\n", GROUP))
        api.until(lambda: site.running() == set(NAMES[:3]))
        for number, name in enumerate(NAMES[:3], 1):
            site.take_place(number, site.ids[name])
        yield site
        api.purge(pair.nomad_addr, job)


def test_every_member_has_a_claim_and_a_place(site: Site) -> None:
    found = site.holders.read(("upkeep",))
    assert len(found.claims) == len(found.places) == 3
    assert {each.node for each in found.volumes} == {site.ids[name] for name in NAMES[:3]}


def test_a_dead_machine_holds_on_to_its_member(site: Site) -> None:
    site.clients["h2"].kill()
    away = api.until(lambda: next(n for n in site.nomad.nodes() if n["Name"] == "h2")["Status"] != "ready")
    assert away
    site.volume("h4")
    api.until(lambda: site.running() == {"h1", "h3"})
    site.holders.reschedule("upkeep")
    assert site.running() == {"h1", "h3"}, "a volume alone is no way out"


def test_it_is_not_given_up_while_the_others_are_not_safe(site: Site) -> None:
    parting = site.parting("h2")
    answers = Reports(site.nomad, PATIENT).of((STAND_IN,))
    check_safety(parting, answers)
    report = answers["upkeep"].report
    assert report is not None
    unsure = {"upkeep": replace(answers["upkeep"], report=replace(report, full=False))}
    with pytest.raises(HashistackError, match="may not do without it"):
        check_safety(parting, unsure)


def test_its_member_comes_back_elsewhere(site: Site) -> None:
    old = site.ids["h2"]
    parting = site.parting("h2")
    assert [len(parting.releases[0].claims), len(parting.releases[0].places)] == [1, 1]
    replacer = NodeReplacer(site.holders, Reports(site.nomad, PATIENT), lambda _: None, site, SystemClock())
    replacer.replace(parting, Plan(()))
    assert site.running() == {"h1", "h3", "h4"}
    assert [event.kind for event in site.events if isinstance(event, Removed)] == [
        "claim",
        "machine",
        "volume",
        "member",
    ]
    after = site.holders.read(("upkeep",))
    assert old not in {machine.id for machine in after.machines}
    assert {volume.node for volume in after.volumes} == {site.ids[name] for name in ("h1", "h3", "h4")}
    assert sorted(place.member for place in after.places) == ["1", "3"], "the place of the second is free"
    assert len(after.claims) == 3


def test_a_second_time_there_is_nothing_left(site: Site) -> None:
    parting = site.parting("h2")
    assert (parting.forgotten, parting.volumes, parting.releases) == ((), (), (Release(STAND_IN, (), ()),))


def test_a_machine_that_is_back_does_not_bring_its_old_member(
    site: Site, docker: Engine, nomad_binary: Path
) -> None:
    """It was only cut off: it registers anew, and is told to end what it ran."""
    old = site.clients["h2"].folder
    assert containers_of(docker, old), "what ran there runs on"
    start(nomad_binary, old)
    api.until(lambda: "h2" in {n["Name"] for n in site.nomad.nodes() if n["Status"] == "ready"})
    api.until(lambda: not containers_of(docker, old))
    assert site.running() == {"h1", "h3", "h4"}


@pytest.fixture
def alone(site: Site) -> Iterator[str]:
    """Run a stand-in with one node on h4, which has formed and was set up, and return its job."""
    site.volume("h4", ALONE)
    job = api.submit(site.nomad.endpoint.url, ALONE_JOB)
    api.until(lambda: site.running(ALONE) == {"h4"})
    site.take_place(4, site.ids["h4"], ALONE)
    site.write(f"{ALONE}/founder", "4")
    site.write(f"{ALONE}/formed", "4")
    known = {"key": Sensitive("of the authority"), "setup": Sensitive("topics")}
    site.nomad.put_variable(Variable(f"hashistack/stand-ins/{ALONE}", known))
    yield job
    api.purge(site.nomad.endpoint.url, job)


def test_what_only_one_machine_had_is_given_up_when_that_is_said(site: Site, alone: str) -> None:
    """A service with one node waits for its machine; with --lost it begins empty on another."""
    site.clients["h4"].kill()
    api.until(lambda: next(n for n in site.nomad.nodes() if n["Name"] == "h4")["Status"] != "ready")
    stack = pipeline.load(ALONE_STACK, "hashistack.yaml").stacks[0]
    parting = farewell("h4", stack, site.holders.read((alone,)))
    (release,) = parting.releases
    with pytest.raises(HashistackError, match="no member but on h4"):
        check_loss(parting)
    small = replace(release, stand_in=replace(upkeep.STAND_IN, job=alone))
    replacer = NodeReplacer(
        site.holders,
        Reports(site.nomad, PATIENT),
        lambda _: site.volume("h1", alone),
        site,
        SystemClock(),
    )
    replacer.replace(replace(parting, releases=(small,)), Plan(()))
    assert site.running(alone) == {"h1"}
    assert site.keys(alone) == [], "nobody finds a cluster to join"
    kept = site.nomad.variable(f"hashistack/stand-ins/{alone}")
    assert kept is not None
    assert list(kept.items) == ["key"], "what is set up once is set up again"
