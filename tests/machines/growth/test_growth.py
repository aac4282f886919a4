"""Services of one node that become services of three under clients, and then do without the machine they began on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import psycopg
import pytest

from tests.local.api import until
from tests.machines.stand_ins import kafka_client, test_kafka, test_mqtt, test_postgres, test_redis
from tests.machines.stand_ins import site as sites
from tests.machines.stand_ins.conftest import equipped
from tests.machines.stand_ins.site import StandIns
from tests.machines.stand_ins.writers import writing
from tests.machines.times import record, step

pytestmark = pytest.mark.slow
TASKS = {
    "cache": test_redis.TASK,
    "db": test_postgres.TASK,
    "devices": test_mqtt.TASKS["devices"],
    "events": test_kafka.TASK,
}
BEFORE, AFTER = 1, 3
KEYS = 500
MOVED = 400.0  # seconds: Kafka looks every five minutes whether those lead that should
OFFLINE = "offline"  # a device that is away while its cluster grows


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """Return four services of one node each on three machines."""
    services = {name: {**keys, "nodes": BEFORE} for name, keys in sites.of(list(TASKS)).items()}
    with ExitStack() as stack:
        bed, binaries = equipped(stack, services)
        site = sites.lay_out(bed, tmp_path_factory.mktemp("growth"), binaries, services)
        site.up()
        yield site


def wait_whole(site: StandIns, count: int, seconds: float = 180) -> None:
    for service, task in TASKS.items():
        site.wait_whole(service, task, count, seconds)


def test_each_begins_with_one_node(site: StandIns) -> None:
    wait_whole(site, BEFORE)
    cache = test_redis.Cache(site).client()
    cache.mset({f"key-{number}": number for number in range(KEYS)})
    away = test_mqtt.Device(site, "devices", OFFLINE, test_mqtt.brokers(site, "devices"))
    away.start()
    away.subscribe("orders")
    away.stop()
    _send(site)


def test_they_grow_under_clients_and_lose_nothing(site: StandIns) -> None:
    site.authority(test_postgres.DB)
    descriptor = site._descriptor()
    for service in TASKS:
        descriptor["environments"][site.environment]["backing_services"][service]["nodes"] = AFTER
    site.write(descriptor)
    find = partial(
        test_postgres.target, site
    )  # whoever is the primary: there is only one that could be known before
    with writing(find) as writes, kafka_client.streaming(site, test_kafka.TOPIC) as stream:
        began = time.monotonic()
        with step("four services grow from one node to three, under clients"):
            site.up()
            wait_whole(site, AFTER)
        until(lambda at=stream.count: stream.count > at, 60)  # type: ignore[misc]
    record(
        "db: longest pause of writes while it grew",
        writes.gap(began),
        note=f"{len(writes.acknowledged)} commits",
    )
    with psycopg.connect(find()) as connection:
        assert writes.lost(connection) == set()
    missing = kafka_client.lost(stream.acknowledged, kafka_client.everything(site, test_kafka.TOPIC))
    note = f"{stream.count} acknowledged, longest pause {stream.longest:.1f} s"
    record("kafka: acknowledged records lost while it grew", missing, note=note)
    assert stream.count
    assert not stream.failed
    assert not missing


def test_up_has_nothing_to_do_after_it(site: StandIns) -> None:
    said = site.up()
    assert all(f"shop-{service} unchanged" in said for service in TASKS), said


def test_partitions_are_led_by_all_members(site: StandIns) -> None:
    def leaders() -> set[int]:
        found = kafka_client.admin(site).list_topics(timeout=30).topics[test_kafka.TOPIC].partitions
        return {each.leader for each in found.values()}

    with step("kafka: every member leads partitions"):
        until(lambda: leaders() == {1, 2, 3}, MOVED)


def test_the_machine_they_began_on_may_go(site: StandIns) -> None:
    """Nothing of before is on another one unless the new members have copied it."""
    began = {service: site.founder(service).node for service in TASKS}
    for node in sorted(set(began.values())):
        topic = f"without-{node}"
        kafka_client.make_topic(site, topic, AFTER)
        with kafka_client.streaming(site, topic) as stream:
            _do_without(site, node)
        assert stream.count
        assert not stream.failed
        assert not kafka_client.lost(stream.acknowledged, kafka_client.everything(site, topic))


def _do_without(site: StandIns, node: str) -> None:
    """Cut a machine's power, ask each service for what it had, and boot the machine again."""
    machine = site.machine(node)
    machine.power_cut()
    until(
        lambda: all(address != machine.address for service in TASKS for address, _ in site.healthy(service)),
        90,
    )
    cache = test_redis.Cache(site)
    until(lambda: cache.primary() is not None, 60)
    assert cache.client().mget(f"key-{number}" for number in range(KEYS)) == [
        str(number) for number in range(KEYS)
    ]
    until(lambda: len(site.healthy(test_postgres.DB)) == 1, 60)
    with psycopg.connect(test_postgres.target(site), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM written").fetchone() != (0,)
        connection.execute("CREATE TABLE IF NOT EXISTS grown (id int)")
    _fetch(site)
    site.bed.boot(node)
    wait_whole(site, AFTER, 300)


def _fetch(site: StandIns) -> None:
    """Have the device that was away get what was sent to it, and have the same sent for the next time."""
    back = test_mqtt.Device(site, "devices", OFFLINE, test_mqtt.brokers(site, "devices"))
    back.start()
    until(lambda: len(back.received) >= KEYS, 60)
    assert {int(text) for text in back.received} == set(range(KEYS))
    back.stop()
    _send(site)


def _send(site: StandIns) -> None:
    """Send what waits for the device that is away."""
    with test_mqtt.device(site, "devices", "app", test_mqtt.brokers(site, "devices")) as app:
        for number in range(KEYS):
            app.publish("orders", str(number))
        app.settle()
