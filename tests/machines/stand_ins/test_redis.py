"""Valkey and its Sentinels with redis-py: who is primary moves, what was acknowledged stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from tests.local.api import until
from tests.machines.stand_ins.site import Instance, StandIns
from tests.machines.times import record, step

SERVICE, TASK, NODES = "cache", "valkey", 3
Address = tuple[str, int]


class Cache:
    """The service as an app's process sees it: found in Consul, with the login of its variable."""

    def __init__(self, site: StandIns) -> None:
        self.site = site
        self.ca: Path = site.authority(SERVICE)
        self.password = site.secret(SERVICE)["password"]

    def primary(self) -> Address | None:
        found = self.site.healthy(SERVICE)
        return found[0] if len(found) == 1 else None

    def client(self, address: Address | None = None, password: str | None = None) -> Redis:
        host, port = address or self.primary() or ("", 0)
        return Redis(
            host=host,
            port=port,
            password=self.password if password is None else password,
            ssl=True,
            ssl_ca_certs=str(self.ca),
            socket_timeout=3,
            socket_connect_timeout=3,
            decode_responses=True,
        )

    def moves(self, old: Address, seconds: float) -> Address:
        """Wait until Consul names another primary, and it takes writes."""
        until(lambda: self.primary() not in (None, old) and self._writes(), seconds)
        found = self.primary()
        assert found
        return found

    def _writes(self) -> bool:
        with suppress(RedisError):
            return bool(self.client().set("probe", time.time()))
        return False


class Writer:
    """A process that writes numbers one after another, and knows which of them a replica has confirmed."""

    def __init__(self, cache: Cache, name: str) -> None:
        self.cache, self.name = cache, name
        self.confirmed: list[int] = []
        self.refused = 0

    def write_until(self, ended: Event) -> None:
        client, number = self.cache.client(), 0
        while not ended.is_set():
            number += 1
            try:
                client.rpush(self.name, number)
                if client.wait(1, 2000) >= 1:
                    self.confirmed.append(number)
            except RedisError:
                self.refused += 1
                time.sleep(0.2)
                if address := self.cache.primary():
                    client = self.cache.client(address)
            time.sleep(0.01)

    def lost(self) -> set[int]:
        """Return what was confirmed and is not there."""
        return set(self.confirmed) - set(map(int, self.cache.client().lrange(self.name, 0, -1)))


@contextmanager
def writing(cache: Cache, name: str) -> Iterator[Writer]:
    writer, ended = Writer(cache, name), Event()
    thread = Thread(target=writer.write_until, args=(ended,))
    thread.start()
    try:
        yield writer
    finally:
        ended.set()
        thread.join()


@contextmanager
def under_load(site: StandIns) -> Iterator[None]:
    """Write while something happens; in the end all that a replica had confirmed is there."""
    with writing(Cache(site), f"updated-{time.time_ns()}") as writer:
        yield
        site.wait_whole(SERVICE, TASK, NODES)
    lost = writer.lost()
    note = f"{len(writer.confirmed)} confirmed, {writer.refused} refused"
    record("redis: confirmed writes lost in an update", len(lost), note=note)
    assert writer.confirmed
    assert not lost


@pytest.fixture(scope="module")
def cache(site: StandIns) -> Cache:
    return Cache(site)


@pytest.fixture(autouse=True)
def whole(site: StandIns) -> Iterator[None]:
    """Leave every copy in its place."""
    yield
    until(lambda: _count(site, "") == 1 and _count(site, "-replica") == 2, 180)
    site.wait_whole(SERVICE, TASK, NODES, seconds=180)


def test_only_who_has_the_password_gets_in(cache: Cache) -> None:
    assert cache.client().ping()
    for password in ("", "wrong"):
        with pytest.raises(AuthenticationError):
            cache.client(password=password).get("x")
    with pytest.raises(NoPermissionError):
        cache.client().config_get("*")


def test_replicas_have_what_the_primary_has(site: StandIns, cache: Cache) -> None:
    client = cache.client()
    client.set("greeting", "hello")
    assert client.wait(2, 5000) == 2
    replicas = site.healthy(SERVICE, "-replica")
    assert [cache.client(address).get("greeting") for address in replicas] == ["hello", "hello"]


def test_another_takes_over_when_the_primary_is_killed(site: StandIns, cache: Cache) -> None:
    old = cache.primary()
    assert old
    with writing(cache, "killed") as writer:
        time.sleep(1)
        with step("redis: primary killed, the service's name follows", goal=15):
            site.kill(SERVICE, _instance(site, old), TASK)
            new = cache.moves(old, 45)
        time.sleep(1)
    assert writer.confirmed
    lost = writer.lost()
    record("redis: confirmed writes lost when the primary was killed", len(lost))
    assert not lost
    assert _is_primary(cache, new)


def test_a_primary_that_is_cut_off_takes_no_writes(site: StandIns, cache: Cache) -> None:
    old = cache.primary()
    assert old
    machine = site.on(old[0])
    others = [each.address for each in site.bed.machines if each.address != machine.address]
    client = cache.client(old)
    peers = [(address, old[1]) for address in others]
    # This machine, which is not one of the cluster, still reaches it.
    machine.run("; ".join(f"ip route add blackhole {address}/32" for address in others))
    try:
        with step("redis: a cut-off primary refuses writes", goal=15):
            until(lambda: _refuses(client), 45)
        # Not asked of Consul: its agent may be the one that is cut off.
        until(lambda: any(_is_primary(cache, each) for each in peers), 45)
    finally:
        machine.run("; ".join(f"ip route del blackhole {address}/32" for address in others))
    until(lambda: not _is_primary(cache, old), 120)


@pytest.mark.slow
def test_a_wiped_disk_joins_again(site: StandIns, cache: Cache) -> None:
    address = site.healthy(SERVICE, "-replica")[0]
    instance = _instance(site, address)
    place = _place(site, address)
    cache.client().set("before", "the wipe")
    folder = site.volume(SERVICE, instance.node)
    with step("redis: a node with an emptied disk has all data again"):
        site.machine(instance.node).run(f"find {folder} -mindepth 1 -delete")
        site.nomad("alloc", "restart", "-all-tasks", instance.id)
        until(lambda: _has(cache, address, "before"), 120)
    assert _place(site, address) == place


def _instance(site: StandIns, address: Address) -> Instance:
    return next(each for each in site.instances(SERVICE) if each.address == address[0])


def _count(site: StandIns, role: str) -> int:
    # Its Consul may be one that was cut off a moment ago.
    with suppress(OSError):
        return len(site.healthy(SERVICE, role))
    return 0


def _place(site: StandIns, address: Address) -> str:
    report = site.report(SERVICE, TASK)
    return next(name for name, said in report.items() if said.startswith(f"{address[0]} "))


def _refuses(client: Redis) -> bool:
    try:
        client.set("cut-off", time.time())
    except RedisError as error:
        return "NOREPLICAS" in str(error)
    return False


def _is_primary(cache: Cache, address: Address) -> bool:
    with suppress(RedisError):
        return str(cache.client(address).role()[0]) == "master"
    return False


def _has(cache: Cache, address: Address, key: str) -> bool:
    with suppress(RedisError):
        return cache.client(address).exists(key) == 1
    return False
