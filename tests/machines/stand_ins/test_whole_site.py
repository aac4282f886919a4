"""What happens to all clusters at the same moment: an update, another machine, and no power at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from confluent_kafka import Producer

from tests.local.api import until
from tests.machines.site import SERVER, host
from tests.machines.stand_ins import (
    kafka_client,
    test_kafka,
    test_mqtt,
    test_object_storage,
    test_postgres,
    test_redis,
)
from tests.machines.stand_ins.object_store import BUCKET, ObjectStore
from tests.machines.stand_ins.site import SERVICES, StandIns
from tests.machines.stand_ins.writers import Writes
from tests.machines.times import record, step

pytestmark = pytest.mark.slow
TASKS = {
    "cache": test_redis.TASK,
    "db": test_postgres.TASK,
    "events": test_kafka.TASK,
    "uploads": test_object_storage.TASK,
    **test_mqtt.TASKS,
}
CLUSTERS = sorted(TASKS)
RECORDS = 500
BURNT, NEW = "h3", "h4"
WRITTEN = 5.0  # seconds: RabbitMQ takes two until a retained message is on its disk
AWAY = 60.0  # seconds: each cluster has found that a member is gone


@contextmanager
def clients(site: StandIns, what: str) -> Iterator[Writes]:
    """Have clients of all clusters count what is acknowledged while something happens: in the end it is there."""
    site.authority(test_postgres.DB)
    with ExitStack() as loads:
        loads.enter_context(test_kafka.under_load(site, what))
        loads.enter_context(test_mqtt.under_load(site, "devices"))
        loads.enter_context(test_mqtt.under_load(site, "telemetry"))
        loads.enter_context(test_redis.under_load(site))
        yield loads.enter_context(test_postgres.load(site))


def wait_whole(site: StandIns, seconds: float) -> None:
    """Wait until every cluster has all members and every copy."""
    for service, task in TASKS.items():
        site.wait_whole(service, task, SERVICES[service]["nodes"], seconds)


def test_an_update_of_all_of_them_loses_nothing(site: StandIns) -> None:
    before = {instance.id for service in CLUSTERS for instance in site.instances(service)}
    with clients(site, "updated") as writes:
        began = time.monotonic()
        with step("an update of every member of six clusters, one after another in each"):
            site.update(CLUSTERS)
    record("db: longest pause of writes in an update", writes.gap(began))
    after = {instance.id for service in CLUSTERS for instance in site.instances(service)}
    assert len(after) == sum(SERVICES[service]["nodes"] for service in CLUSTERS)
    assert not before & after


def test_up_has_nothing_to_do_after_it(site: StandIns) -> None:
    """Jobs that were run with Nomad's own command are what `up` would have run."""
    said = site.up()
    assert all(f"shop-{service} unchanged" in said for service in CLUSTERS), said


def test_a_machine_burns_down_and_another_takes_its_place(site: StandIns) -> None:
    """The new one has another address: no certificate of before is for it, and nobody has heard of it."""
    with clients(site, "replaced") as writes:
        began = time.monotonic()
        site.machine(BURNT).power_cut()
        site.bed.boot(NEW)
        site.change(hosts={NEW: host(site.machine(NEW), ("client",), "c")})
        with step("up, with another machine beside one that is gone and was in six clusters"):
            site.up()
        until(lambda: site.nodes()[BURNT] != "ready", 120)
        with step("replace-node, until each of six clusters has its member and every copy again"):
            site.done("replace-node", BURNT, "-e", site.environment, "--yes")
    record("db: longest pause of writes while a machine was replaced", writes.gap(began))
    names = {"h1", "h2", NEW}
    addresses = {site.machine(name).address for name in names}
    for service in CLUSTERS:
        assert {each.node for each in site.instances(service)} == names, service
        until(lambda at=service: _members(site, at) == addresses, 60)  # type: ignore[misc]


def test_it_takes_over_as_a_server_too(site: StandIns) -> None:
    site.change(hosts={BURNT: None, NEW: host(site.machine(NEW), SERVER, "c")})
    with step("up, with the new machine as a server in the place of the old one"):
        site.up()
    members = site.api("/v1/agent/members")["Members"]
    alive = {each["Name"].partition(".")[0] for each in members if each["Status"] == "alive"}
    assert alive == {"h1", "h2", NEW}


def test_the_new_member_is_one_of_the_majority(site: StandIns) -> None:
    """One of those that were there from the beginning goes, so that nothing works without the new one."""
    with clients(site, "carried"):
        site.machine("h2").power_cut()
        time.sleep(AWAY)
        site.bed.boot("h2")
        wait_whole(site, 300)


def test_all_machines_lose_their_power_at_once(site: StandIns) -> None:
    written = f"before-{time.time_ns()}"
    site.authority(test_postgres.DB)
    _write(site, written)
    time.sleep(WRITTEN)
    machines = [machine for machine in site.bed.machines if machine.is_on()]
    for machine in machines:
        machine.power_cut()
    with step("all machines boot again, until each of six clusters has every copy"):
        site.bed.boot(*(machine.name for machine in machines))
        wait_whole(site, 300)
    _assert_there(site, written)


def _members(site: StandIns, service: str) -> set[str]:
    """Return the addresses of the members that a member knows; none while nobody answers."""
    report = site.report(service, TASKS[service])
    return {said.split()[0] for name, said in report.items() if name.startswith("member.")}


def _write(site: StandIns, name: str) -> None:
    """Write something to every cluster, until it says that it is kept."""
    kafka_client.make_topic(site, name, 3)
    producer = Producer(kafka_client.settings(site, acks="all"))
    for number in range(RECORDS):
        producer.produce(name, str(number), str(number))
    assert producer.flush(60) == 0
    with psycopg.connect(test_postgres.target(site), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS power (name text)")
        connection.execute("INSERT INTO power VALUES (%s)", (name,))
    client = test_redis.Cache(site).client()
    client.set("power", name)
    assert client.wait(1, 5000) >= 1
    ObjectStore(site).client().put_object(Bucket=BUCKET, Key=name, Body=name.encode())
    for service in test_mqtt.TASKS:
        with test_mqtt.device(site, service, "writer", test_mqtt.brokers(site, service)[:1]) as writer:
            writer.publish(name, name, retain=True)
            writer.settle()


def _assert_there(site: StandIns, name: str) -> None:
    found = kafka_client.everything(site, name)
    assert sorted(number for numbers in found.values() for number in numbers) == list(range(RECORDS))
    kafka_client.remove_topic(site, name)
    with psycopg.connect(test_postgres.target(site)) as connection:
        assert connection.execute("SELECT 1 FROM power WHERE name = %s", (name,)).fetchall() == [(1,)]
    assert test_redis.Cache(site).client().get("power") == name
    assert ObjectStore(site).client().get_object(Bucket=BUCKET, Key=name)["Body"].read() == name.encode()
    for service in test_mqtt.TASKS:
        addresses = test_mqtt.brokers(site, service)
        with test_mqtt.device(site, service, "reader", addresses) as reader:
            reader.subscribe(name)
            # RabbitMQ keeps a retained message at the broker that took it.
            until(lambda at=reader: at.retained == [name], seconds=30)  # type: ignore[misc]
