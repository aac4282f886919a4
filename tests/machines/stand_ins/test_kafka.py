"""Kafka on three machines under a producer that counts what was acknowledged: whatever happens, none is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import (
    AcknowledgeType,
    Consumer,
    KafkaException,
    Producer,
    ShareConsumer,
    TopicPartition,
)
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism
from confluent_kafka.admin._scram import UserScramCredentialUpsertion as NewPassword

from tests.local.api import until
from tests.machines.stand_ins.kafka_client import (
    SERVICE,
    admin,
    everything,
    lost,
    make_topic,
    remove_topic,
    settings,
    streaming,
)
from tests.machines.stand_ins.site import StandIns
from tests.machines.times import record, step

TASK = "kafka"
NODES = 3
TOPIC = "orders"
SETTLED = 5.0  # seconds of records before and after something happens
AWAY = 20.0  # seconds without a cable: longer than a broker's session
NOTHING = 3.0  # seconds that are enough for a refusal
RECORDS, READ = 10, 7
NUMBERS_COME = 180.0  # seconds: once a minute, and the leader may be another one since
LEADING = "kafka_controller_kafkacontroller_activecontrollercount "


@pytest.fixture(scope="module", autouse=True)
def whole(site: StandIns) -> Iterator[None]:
    """Begin and end with three members that have all copies."""
    site.wait_whole(SERVICE, TASK, NODES)
    yield
    site.wait_whole(SERVICE, TASK, NODES)


def properties(site: StandIns) -> dict[str, dict[str, str]]:
    """Return what each machine's disk says of itself, by machine: cluster.id, node.id, directory.id; {} if empty."""
    found = {}
    for each in site.instances(SERVICE):
        text = site.machine(each.node).run(f"cat {site.volume(SERVICE, each.node)}/log/meta.properties || :")
        found[each.node] = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return found


# --- what it is


def test_members_that_started_at_the_same_moment_are_one_cluster(site: StandIns) -> None:
    found = properties(site)
    assert {each["cluster.id"] for each in found.values()} == {site.secret(SERVICE, "/node")["cluster_id"]}
    assert sorted(each["node.id"] for each in found.values()) == ["1", "2", "3"]
    report = site.report(SERVICE, TASK)
    members = {report[f"member.{number}"].split()[1] for number in (1, 2, 3)}
    assert members == {"leader", "voter"}
    assert (report["quorum"], report["full"], report["safe"]) == ("yes", "yes", "yes")


def test_topics_are_as_the_descriptor_says(site: StandIns) -> None:
    found = admin(site).list_topics(timeout=30).topics[TOPIC].partitions
    assert len(found) == 6
    assert {len(each.replicas) for each in found.values()} == {NODES}
    assert len({each.leader for each in found.values()}) == NODES


def test_topics_follow_the_descriptor(site: StandIns) -> None:
    descriptor = site._descriptor()
    topics = descriptor["backing_services"][SERVICE].setdefault("topics", {})
    topics["later"] = {"partitions": 2, "retention": "1h"}
    before = site.api(f"/v1/job/{site.job(SERVICE)}")["Version"]
    site.write(descriptor)
    with step("up with one more topic"):
        site.up()
    topics["later"] = {"partitions": 4, "compact": True}
    site.write(descriptor)
    site.up()
    client = admin(site)
    assert len(client.list_topics(timeout=30).topics["later"].partitions) == 4
    asked = ConfigResource("topic", "later")
    values = client.describe_configs([asked])[asked].result()
    assert values["cleanup.policy"].value == "compact"
    assert values["retention.ms"].value == str(7 * 24 * 3600 * 1000)
    assert values["min.insync.replicas"].value == "2"
    # No broker was started again for it.
    assert site.api(f"/v1/job/{site.job(SERVICE)}")["Version"] == before


# --- who gets in


@pytest.mark.parametrize(
    "other",
    [
        {"sasl.password": "wrong"},
        {"security.protocol": "SSL"},
        {"security.protocol": "PLAINTEXT"},
        {"sasl.mechanism": "PLAIN"},
    ],
    ids=["wrong password", "no login", "no TLS", "a password in clear"],
)
def test_nobody_else_is_let_in(site: StandIns, other: dict[str, str]) -> None:
    assert Producer(settings(site)).list_topics(timeout=30).topics
    with pytest.raises(KafkaException):
        Producer(settings(site, **other)).list_topics(timeout=NOTHING)


def test_the_app_gives_nobody_a_password(site: StandIns) -> None:
    wanted = NewPassword("intruder", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), b"secret")
    client = admin(site)
    with pytest.raises(KafkaException, match="CLUSTER_AUTHORIZATION_FAILED"):
        client.alter_user_scram_credentials([wanted])["intruder"].result()


# --- what happens to its members


def killed(site: StandIns) -> None:
    """Kill a broker as the kernel does."""
    site.kill(SERVICE, site.instances(SERVICE)[0], TASK)


def cut_off(site: StandIns) -> None:
    """Take the cable out of one machine for a while."""
    machine = site.machine(site.instances(SERVICE)[1].node)
    machine.set_link("down")
    time.sleep(AWAY)
    machine.set_link("up")


@contextmanager
def under_load(site: StandIns, what: str) -> Iterator[None]:
    """Send records while something happens; in the end every one that was acknowledged is there, once and in order."""
    topic = f"{what}-{time.time_ns()}"
    make_topic(site, topic, 6)
    with streaming(site, topic) as stream:
        time.sleep(SETTLED)
        yield
        site.wait_whole(SERVICE, TASK, NODES)
        time.sleep(SETTLED)
    gone = lost(stream.acknowledged, everything(site, topic))
    note = f"{stream.count} acknowledged, {gone} lost, {len(stream.failed)} refused"
    record(f"kafka, a member is {what}: longest time without an acknowledgement", stream.longest, note=note)
    assert stream.count
    assert gone == 0
    remove_topic(site, topic)


@pytest.mark.parametrize("happens", [killed, pytest.param(cut_off, marks=pytest.mark.slow)])
def test_what_was_acknowledged_is_there(site: StandIns, happens: Callable[[StandIns], None]) -> None:
    with under_load(site, happens.__name__):
        happens(site)


@pytest.mark.slow
def test_an_emptied_disk_comes_back_under_its_id(site: StandIns) -> None:
    one, before = site.founder(SERVICE), properties(site)
    machine, folder = site.machine(one.node), site.volume(SERVICE, one.node)
    machine.power_cut()
    with step("kafka, the founder comes back with an empty disk: until every copy is there"):
        machine.switch_on()
        machine.wait()
        machine.run(f"docker ps -q | xargs -r docker kill >/dev/null; rm -rf {folder}/log {folder}/.formed")
        until(lambda: properties(site).get(one.node) not in ({}, None, before[one.node]), seconds=120)
        site.wait_whole(SERVICE, TASK, NODES)
    after = properties(site)
    assert after[one.node]["node.id"] == before[one.node]["node.id"]
    assert after[one.node]["cluster.id"] == before[one.node]["cluster.id"]
    assert after[one.node]["directory.id"] != before[one.node]["directory.id"]
    assert len([name for name in site.report(SERVICE, TASK) if name.startswith("member.")]) == NODES


# --- queues


def taken(consumer: ShareConsumer, count: int, deadline: float, *, only_even: bool = False) -> set[str]:
    """Take so many records out of a queue and return them; the others that came along are given back."""
    kept: set[str] = set()
    while len(kept) < count and time.monotonic() < deadline:
        for message in consumer.poll(NOTHING):
            value = (message.value() or b"").decode()
            wanted = not only_even or int(value) % 2 == 0
            consumer.acknowledge(message, AcknowledgeType.ACCEPT if wanted else AcknowledgeType.RELEASE)
            kept |= {value} if wanted else set()
    return kept


def begin_at_the_beginning(site: StandIns, group: str) -> None:
    """Give a group also what was sent before it had members; the app may do this for its own groups."""
    start = ConfigEntry("share.auto.offset.reset", "earliest", incremental_operation=AlterConfigOpType.SET)
    client, resource = admin(site), ConfigResource("group", group, incremental_configs=[start])
    client.incremental_alter_configs([resource])[resource].result()


def test_a_share_group_gives_out_again_what_was_not_acknowledged(site: StandIns) -> None:
    topic, wanted = f"queue-{time.time_ns()}", set(map(str, range(20)))
    make_topic(site, topic, 2)
    begin_at_the_beginning(site, "workers")
    explicit = {"group.id": "workers", "share.acknowledgement.mode": "explicit"}
    first = ShareConsumer(settings(site, **explicit))
    first.subscribe([topic])
    producer = Producer(settings(site))
    for value in sorted(wanted):
        producer.produce(topic, value)
    producer.flush(30)
    deadline = time.monotonic() + 60
    kept = taken(first, len(wanted) // 2, deadline, only_even=True)
    first.commit_sync()
    first.close()
    second = ShareConsumer(settings(site, **explicit))
    second.subscribe([topic])
    again = taken(second, len(wanted) - len(kept), deadline)
    second.close()
    assert kept | again == wanted
    assert not kept & again
    remove_topic(site, topic)


def test_prometheus_is_told_once_how_far_a_group_is_behind(site: StandIns) -> None:
    topic = f"counted-{time.time_ns()}"
    make_topic(site, topic, 1)
    producer = Producer(settings(site, acks="all"))
    for number in range(RECORDS):
        producer.produce(topic, str(number))
    assert producer.flush(60) == 0
    group = Consumer(settings(site, **{"group.id": topic}))
    group.commit(offsets=[TopicPartition(topic, 0, READ)], asynchronous=False)
    group.close()
    behind = (
        f'kafka_consumergroup_lag{{consumergroup="{topic}",partition="0",topic="{topic}"}} {RECORDS - READ}'
    )

    def said() -> list[str]:
        return [line for text in site.numbers(SERVICE) for line in text.splitlines()]

    def leading() -> list[str]:
        return sorted(line.rpartition(" ")[2] for line in said() if line.startswith(LEADING))

    until(lambda: said().count(behind) == 1, seconds=NUMBERS_COME)
    # A member that has just started tells a minute later.
    until(lambda: leading() == ["0", "0", "1"], seconds=NUMBERS_COME)
    remove_topic(site, topic)
