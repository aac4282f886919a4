from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from hashistack.credentials.authority import alternatives, is_issued_by, new_authority
from hashistack.credentials.values import Identity
from hashistack.diagnostics import BackendError
from hashistack.plan.actual import Variable
from hashistack.plan.prepare import Preparer, generated
from hashistack.plan.progress import Made, Removed, Stored
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import CreateVolumes, IssueCertificate, RemoveVolumes, Spot
from hashistack.plan.volumes import Volume
from tests.unit.plan.fakes import FakeClock, FakeDisks, FakeJobs, FakeJournal, FakeProgress, FakeServices

NODE, APP, OPERATOR = "nomad/jobs/shop-db/node", "nomad/jobs/shop-db", "hashistack/stand-ins/shop-db"
VOLUMES = CreateVolumes("shop-db", (Spot("id-1", "n1"), Spot("id-2", "n2")), 2048)
CERTIFICATE = IssueCertificate("shop-db", ("10.0.0.1", "10.0.0.2"))


@dataclass
class World:
    clock: FakeClock = field(default_factory=FakeClock)
    disks: FakeDisks = field(default_factory=FakeDisks)
    services: FakeServices = field(default_factory=FakeServices)
    journal: FakeJournal = field(default_factory=FakeJournal)
    progress: FakeProgress = field(default_factory=FakeProgress)
    jobs: FakeJobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = FakeJobs(self.clock)

    @property
    def preparer(self) -> Preparer:
        return Preparer(self.jobs, self.services, self.disks, self.journal, self.progress, self.clock)

    def identity(self, path: str) -> Identity:
        items = self.jobs.stored[path].items
        return Identity(items["certificate"].reveal(), items["key"])


@pytest.fixture
def world() -> World:
    return World()


def test_volumes_are_made_where_the_plan_says_and_waited_for(world: World) -> None:
    world.disks.late = 3
    world.preparer.create(VOLUMES)
    assert world.disks.sizes == {"shop-db-on-id-1": 2048, "shop-db-on-id-2": 2048}
    assert world.clock.now() > 1
    assert world.journal.volumes == ["shop-db"]
    assert world.progress.of(Made) == [Made("volume", "shop-db", ("n1", "n2"))]


def test_a_volume_that_is_never_ready_is_named_with_its_machine(world: World) -> None:
    world.disks.late = 10_000
    with pytest.raises(BackendError, match="the volume shop-db on n1 does not become ready: it is pending"):
        world.preparer.create(VOLUMES)


def test_the_first_certificate_comes_with_an_authority_of_its_own(world: World) -> None:
    world.preparer.issue(CERTIFICATE)
    authority, mine = world.identity(OPERATOR), world.identity(NODE)
    assert is_issued_by(mine, authority)
    assert alternatives(mine)[1] == {"10.0.0.1", "10.0.0.2", "127.0.0.1"}
    assert world.jobs.stored[APP].items == {"ca": Sensitive(authority.certificate)}
    assert world.journal.variables == [OPERATOR, NODE, APP]
    assert mine.key.reveal().startswith("-----BEGIN PRIVATE KEY-----")
    assert "BEGIN" not in repr(world.progress.of(Stored))


def test_the_authority_has_another_name_than_what_it_signs(world: World) -> None:
    """Erlang takes a certificate whose issuer has its own name for one that nobody signed."""
    world.preparer.issue(CERTIFICATE)
    mine = x509.load_pem_x509_certificate(world.identity(NODE).certificate.encode())
    assert mine.issuer != mine.subject


def test_a_second_one_keeps_the_authority_and_what_else_is_there(world: World) -> None:
    world.preparer.issue(CERTIFICATE)
    before, first = world.identity(OPERATOR), world.identity(NODE)
    stored = world.jobs.stored[NODE]
    world.jobs.stored[NODE] = Variable(NODE, {**stored.items, "cookie": Sensitive("c")}, 7)
    world.jobs.stored[APP] = Variable(APP, {**world.jobs.stored[APP].items, "password": Sensitive("p")}, 3)
    world.preparer.issue(CERTIFICATE)
    assert world.identity(OPERATOR) == before
    assert world.identity(NODE) != first
    assert world.jobs.stored[NODE].items["cookie"] == Sensitive("c")
    told = [event.path for event in world.progress.of(Stored)]
    assert told.count(APP) == 1, "the app would start again for nothing"


def test_how_often_it_was_made_anew_is_kept_beside_it(world: World) -> None:
    world.preparer.issue(CERTIFICATE)
    assert world.jobs.stored[NODE].items.keys() == {"certificate", "key"}
    world.preparer.issue(replace(CERTIFICATE, edition=4))
    assert world.jobs.stored[NODE].items["edition"] == Sensitive("4")


def test_an_authority_that_ends_soon_is_told_with_the_way_out(world: World) -> None:
    now = datetime.fromisoformat(world.clock.today())
    old = new_authority("shop-db", now - timedelta(days=3600))
    items = {"certificate": Sensitive(old.certificate), "key": old.key}
    world.jobs.stored[OPERATOR] = Variable(OPERATOR, items, 1)
    with pytest.raises(BackendError) as caught:
        world.preparer.issue(CERTIFICATE)
    told = caught.value.diagnostics[0]
    assert told.code == "HS754"
    assert f"nomad var purge {OPERATOR}" in told.hint
    assert NODE not in world.jobs.stored


def test_all_volumes_of_a_name_go_and_what_consul_knows_of_them(world: World) -> None:
    for name in ("shop-db", "shop-db-2"):
        world.disks.there[name] = Volume(name, name, "id-1", "ready")
    world.disks.in_use = 2  # Nomad notices late that the instance has ended
    world.preparer.remove(RemoveVolumes("shop-db"))
    assert list(world.disks.there) == ["shop-db-2"]
    assert world.services.forgotten == ["hashistack/shop-db/"]
    assert world.progress.of(Removed) == [Removed("volumes", "shop-db")]


def test_a_volume_that_stays_in_use_is_an_error_and_the_keys_stay(world: World) -> None:
    world.disks.there["v"] = Volume("v", "shop-db", "id-1", "ready")
    world.disks.in_use = 10_000
    with pytest.raises(BackendError, match="in use"):
        world.preparer.remove(RemoveVolumes("shop-db"))
    assert world.services.forgotten == []


def test_what_is_generated_needs_no_quoting_and_is_no_option() -> None:
    made = {generated("password").reveal() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", each) for each in made)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", generated("cluster_id").reveal())


def test_the_clock_of_the_fakes_is_read_as_utc(world: World) -> None:
    assert datetime.fromisoformat(world.clock.today()).tzinfo == UTC
