"""What the tests of Kafka and of its archive do as an app does it: with the app's login, over TLS, with librdkafka."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.machines.stand_ins.site import StandIns

SERVICE = "events"
_RATE = 100  # records a second
_SECONDS = 60


def settings(site: StandIns, **other: Any) -> dict[str, Any]:
    """Return the settings of a client as the app gets them from the outputs of its service."""
    login = site.secret(SERVICE)
    return {
        "bootstrap.servers": ",".join(f"{host}:{port}" for host, port in site.healthy(SERVICE)),
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": login["user"],
        "sasl.password": login["password"],
        "ssl.ca.location": str(site.authority(SERVICE)),
        "log_level": 0,
        **other,
    }


def admin(site: StandIns) -> AdminClient:
    """Return a client that asks for and changes topics and groups."""
    return AdminClient(settings(site))


def make_topic(site: StandIns, topic: str, partitions: int) -> None:
    """Make a topic with a copy on every member, which the descriptor does not know."""
    client = admin(site)  # held until the answer is there
    client.create_topics([NewTopic(topic, partitions, 3)])[topic].result()


def remove_topic(site: StandIns, topic: str) -> None:
    """Remove a topic."""
    client = admin(site)
    client.delete_topics([topic])[topic].result()


@dataclass(slots=True)
class Stream:
    """Numbered records, sent at a steady rate; `acknowledged` are those that the cluster has, by partition."""

    topic: str
    producer: Producer
    acknowledged: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    failed: list[str] = field(default_factory=list)
    longest: float = 0.0  # seconds between two acknowledgements
    _last: float = field(default_factory=time.monotonic)
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send until it is told to end, then wait for the last acknowledgements."""
        number = 0
        while not self._ended.is_set():
            key = str(number % 50)
            self.producer.produce(self.topic, str(number), key, on_delivery=self._delivered)
            self.producer.poll(0)
            number += 1
            time.sleep(1 / _RATE)
        self.producer.flush(_SECONDS)

    def end(self) -> None:
        """Send no more."""
        self._ended.set()

    @property
    def count(self) -> int:
        """Return how many records were acknowledged."""
        return sum(map(len, self.acknowledged.values()))

    def _delivered(self, error: Any, message: Message) -> None:
        if error:
            self.failed.append(str(error))
            return
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now
        partition, _, number = contents(message)
        self.acknowledged[partition].append(number)


def contents(message: Message) -> tuple[int, int, int]:
    """Return a record's partition, offset and number."""
    return cast("int", message.partition()), cast("int", message.offset()), int(message.value() or b"")


@contextmanager
def streaming(site: StandIns, topic: str) -> Iterator[Stream]:
    """Send records while the block runs; they are acknowledged by all copies in sync, in order, each once."""
    producer = Producer(settings(site, acks="all", **{"enable.idempotence": True, "linger.ms": 5}))
    stream = Stream(topic, producer)
    thread = threading.Thread(target=stream.run)
    thread.start()
    try:
        yield stream
    finally:
        stream.end()
        thread.join()


def everything(site: StandIns, topic: str) -> dict[int, list[int]]:
    """Return the numbers of all records of a topic, by partition and in the order of their offsets."""
    consumer = Consumer(settings(site, **{"group.id": "reader", "auto.offset.reset": "earliest"}))
    partitions = consumer.list_topics(topic, timeout=_SECONDS).topics[topic].partitions
    ends = {
        number: consumer.get_watermark_offsets(TopicPartition(topic, number), _SECONDS)
        for number in partitions
    }
    consumer.assign([TopicPartition(topic, number, low) for number, (low, _) in ends.items()])
    waiting = {number for number, (low, high) in ends.items() if high > low}
    found: dict[int, list[int]] = defaultdict(list)
    until = time.monotonic() + _SECONDS
    while waiting and time.monotonic() < until:
        message = consumer.poll(1)
        if message is None or message.error():
            continue
        partition, offset, number = contents(message)
        found[partition].append(number)
        if offset + 1 >= ends[partition][1]:
            waiting.discard(partition)
    consumer.close()
    assert not waiting, f"partitions {waiting} of {topic} could not be read to their ends"
    return found


def lost(acknowledged: dict[int, list[int]], found: dict[int, list[int]]) -> int:
    """Return how many acknowledged records are not there; fail where a partition's order is another one."""
    for partition, numbers in found.items():
        assert numbers == sorted(numbers), f"partition {partition} is out of order"
        assert len(numbers) == len(set(numbers)), f"partition {partition} has a record twice"
    return sum(len(set(numbers) - set(found[partition])) for partition, numbers in acknowledged.items())
