"""Services that AWS runs, made known to a real Consul; moto stands for AWS, and Nomad's variables are in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import requests

from hashistack.backends.aws_services import FILE, converge, renew, terraform_variables
from hashistack.backends.cluster import Cluster, NoAgents
from hashistack.backends.consul import Consul
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.nomad import Nomad
from hashistack.backends.state import StateFolder
from hashistack.diagnostics import HashistackError
from hashistack.plan.progress import Event, Stored, Waiting
from hashistack.plan.services import managed_services
from tests.bed import moto, processes
from tests.bed.network import free_ports
from tests.conftest import needed
from tests.unit.compile.aws.services.test_services import stack
from tests.unit.plan.fakes import FakeClock, FakeJobs

USER = "shop-production-uploads"
SHOP = stack("  db: {type: postgres}\n  uploads: {type: object-storage}\n")


@dataclass
class MemoryStore:
    """The operator's folder in memory."""

    files: dict[str, str] = field(default_factory=dict)

    def read(self, name: str) -> str | None:
        return self.files.get(name)

    def write(self, name: str, text: str) -> None:
        self.files[name] = text

    @property
    def services(self) -> dict[str, Any]:
        """Return what is remembered of logins."""
        return cast(dict[str, Any], json.loads(self.files[FILE])["services"])


@dataclass
class WatchingClock(FakeClock):
    """A clock that looks at something whenever somebody waits."""

    look: Callable[[], object] = lambda: None
    seen: list[object] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.seen.append(self.look())
        super().wait(seconds)


@dataclass
class World:
    """A cluster and an account, as `converge` sees them."""

    moto: moto.Moto
    url: str
    folder: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: WatchingClock = field(default_factory=WatchingClock)
    events: list[Event] = field(default_factory=list)
    nomad: FakeJobs = field(default_factory=lambda: FakeJobs(FakeClock()))

    def converge(self, **services: dict[str, Any]) -> None:
        consul = Consul(Endpoint("Consul", self.url))
        state = StateFolder(self.folder / "state")
        cluster = Cluster(cast(Nomad, self.nomad), consul, NoAgents(), state, "127.0.0.1:8500")
        converge(SHOP, self.moto.client, cluster, self.store, services, self.events.append, self.clock)

    def read(self, path: str) -> Any:
        return requests.get(f"{self.url}/v1/{path}", timeout=5).json()

    def items(self, name: str) -> dict[str, str]:
        variable = self.nomad.stored[f"nomad/jobs/shop-{name}"]
        return {item: value.reveal() for item, value in variable.items.items()}

    def access_keys(self) -> list[str]:
        found = self.moto.client("iam").list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return [key["AccessKeyId"] for key in found]


@pytest.fixture(scope="module")
def consul(consul_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("consul")
    http, server, serf_lan, serf_wan = free_ports(4)
    command = [
        str(consul_binary), "agent", "-dev", f"-data-dir={folder}", f"-http-port={http}", f"-server-port={server}",
        f"-serf-lan-port={serf_lan}", f"-serf-wan-port={serf_wan}", "-grpc-port=-1", "-grpc-tls-port=-1",
        "-dns-port=-1",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{http}"
    pid = processes.start(command, folder / "consul.log")
    try:
        processes.wait_for(lambda: listed(url), seconds=30)
        yield url
    finally:
        processes.stop(pid, str(folder))


def listed(url: str) -> bool:
    try:
        return bool(requests.get(f"{url}/v1/catalog/nodes", timeout=1).json())
    except (requests.ConnectionError, ValueError):
        return False


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[moto.Moto]:
    with ExitStack() as stack:
        with needed():
            running = stack.enter_context(moto.running(tmp_path_factory.mktemp("moto")))
        yield running


@pytest.fixture
def world(consul: str, aws: moto.Moto, tmp_path: Path) -> Iterator[World]:
    iam = aws.client("iam")
    iam.create_user(UserName=USER)
    made = World(aws, consul, tmp_path)
    yield made
    for key in made.access_keys():
        iam.delete_access_key(UserName=USER, AccessKeyId=key)
    iam.delete_user(UserName=USER)


def db(*addresses: str) -> dict[str, Any]:
    return {
        "addresses": list(addresses or ("db.example.com:5432",)),
        "meta": {"scheme": "postgres", "database": "shop", "options": "?sslmode=require"},
        "login": {"user": "app", "kind": "password", "of": "shop-production-db"},
    }


UPLOADS: dict[str, Any] = {
    "addresses": ["s3.eu-west-1.amazonaws.com:443"],
    "meta": {"scheme": "https", "bucket": "shop-uploads", "region": "eu-west-1"},
    "login": {"user": "", "kind": "access-key", "of": USER},
}


def test_services_are_registered_with_their_logins(world: World) -> None:
    given = terraform_variables(SHOP, world.store)
    world.converge(db=db(), uploads=UPLOADS)
    (entry,) = world.read("health/service/shop-db?passing=1")
    assert (entry["Service"]["Address"], entry["Service"]["Port"]) == ("db.example.com", 5432)
    assert entry["Service"]["Meta"] == {**db()["meta"], "ca": "/etc/ssl/certs/ca-certificates.crt"}
    assert entry["Node"]["Meta"] == {"external-node": "true", "hashistack-app": "shop"}
    assert world.items("db") == {"user": "app", "password": cast(Any, given)["passwords"]["db"]}
    (key,) = world.access_keys()
    assert world.items("uploads")["access_key"] == key
    assert world.items("uploads")["secret_key"]
    assert world.clock.now() == 0  # nobody has an older login, so nobody is waited for


def test_nothing_changes_the_second_time(world: World) -> None:
    terraform_variables(SHOP, world.store)
    world.converge(db=db(), uploads=UPLOADS)
    remembered, index = world.store.files[FILE], world.read("catalog/node/aws-shop-db")["Node"]["ModifyIndex"]
    world.events.clear()
    world.converge(db=db(), uploads=UPLOADS)
    assert world.events == []
    assert world.store.files[FILE] == remembered
    assert world.read("catalog/node/aws-shop-db")["Node"]["ModifyIndex"] == index


def test_what_is_managed_no_more_is_deregistered_and_others_stay(world: World) -> None:
    other = {"Node": "mainframe", "Address": "10.0.0.9", "Service": {"ID": "x", "Service": "ledger"}}
    requests.put(f"{world.url}/v1/catalog/register", json=other, timeout=5).raise_for_status()
    terraform_variables(SHOP, world.store)
    world.converge(db=db("one:5432", "two:5432"), uploads=UPLOADS)
    assert len(world.read("catalog/service/shop-db")) == 2
    world.converge(db=db("two:5432"))
    assert [each["ServiceAddress"] for each in world.read("catalog/service/shop-db")] == ["two"]
    assert world.read("catalog/service/shop-uploads") == []
    world.converge()
    assert world.read("catalog/service/shop-db") == []
    names = {node["Node"] for node in world.read("catalog/nodes")}
    assert "mainframe" in names
    assert not {name for name in names if name.startswith("aws-")}


def test_passwords_are_made_once_and_only_for_what_asks_for_one(world: World) -> None:
    first = terraform_variables(SHOP, world.store)
    assert first == terraform_variables(SHOP, world.store)
    assert cast(Any, first)["password_versions"] == {"db": 1}
    assert list(cast(Any, first)["passwords"]) == ["db"]
    assert terraform_variables(stack("  uploads: {type: object-storage}\n"), MemoryStore()) == {}


def test_a_password_is_renewed_with_the_next_version(world: World) -> None:
    before = cast(Any, terraform_variables(SHOP, world.store))
    (service,) = managed_services({"db": db()})
    renew(world.store, service)
    after = cast(Any, terraform_variables(SHOP, world.store))
    assert after["password_versions"] == {"db": 2}
    assert after["passwords"]["db"] != before["passwords"]["db"]
    world.converge(db=db())
    assert world.items("db")["password"] == after["passwords"]["db"]


def test_an_access_key_changes_while_the_old_one_still_works(world: World) -> None:
    world.converge(uploads=UPLOADS)
    (old,) = world.access_keys()
    (service,) = managed_services({"uploads": UPLOADS})
    renew(world.store, service)
    world.events.clear()
    world.clock.look = lambda: sorted(world.access_keys())
    world.converge(uploads=UPLOADS)
    (new,) = world.access_keys()
    assert new != old
    # It waits until AWS knows the new one everywhere, and until the processes have it.
    assert world.clock.seen == [sorted((old, new))] * 2
    assert world.items("uploads")["access_key"] == new
    assert [type(event) for event in world.events] == [Stored, Waiting]
    assert world.store.services["uploads"]["stage"] == "done"
    assert world.store.services["uploads"]["version"] == 2


def test_logins_that_cannot_be_read_stop_everything(world: World) -> None:
    world.store.files[FILE] = '{"format": 7}'
    with pytest.raises(HashistackError) as caught:
        terraform_variables(SHOP, world.store)
    assert caught.value.diagnostics[0].code == "HS666"
