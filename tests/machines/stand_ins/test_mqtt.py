"""RabbitMQ and NATS with paho: what was acknowledged arrives, also when a broker dies, loses its disk, or is rolled."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from tests.local.api import until
from tests.machines.stand_ins import site as sites
from tests.machines.stand_ins.site import StandIns
from tests.machines.times import record, step

TASKS = {"devices": "rabbitmq", "telemetry": "nats"}
NODES = 3
PUBLIC = 8883
RATE = 20  # messages a second
LOOP = 0.1  # seconds that a client waits for news at most
Address = tuple[str, int]

broker = pytest.mark.parametrize("service", [name for name in TASKS if name in sites.chosen()])


class Device:
    """A client that keeps its session and connects again wherever it can; its loop is a thread of its own."""

    def __init__(self, site: StandIns, service: str, name: str, addresses: list[Address]) -> None:
        self.login = site.secret(service)
        self.ca: Path = site.authority(service)
        self.addresses = itertools.cycle(addresses)
        self.received: list[str] = []
        self.retained: list[str] = []
        self.acknowledged: dict[int, str] = {}
        self._answered: list[int] = []
        self.answers: list[str] = []
        self.subscribed = Event()
        self.connections = 0
        self._leaving = Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        self.client.username_pw_set(self.login["user"], self.login["password"])
        self.client.tls_set(ca_certs=str(self.ca))
        # What is published is then sent by the thread of the loop: two at once in one TLS connection crash Python.
        self.client.on_socket_register_write = lambda *_: None
        self.client.on_connect = self._connected
        self.client.on_message = self._message
        self.client.on_publish = self._published
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self._thread = Thread(target=self._loop, daemon=True)

    @property
    def is_connected(self) -> bool:
        return self.client.is_connected()

    @property
    def confirmed(self) -> list[str]:
        """Return what a broker has taken over; its answer may come before we know what it is about."""
        return [self.acknowledged[mid] for mid in tuple(self._answered) if mid in self.acknowledged]

    def start(self) -> None:
        self._thread.start()
        until(lambda: self.is_connected, seconds=30)

    def subscribe(self, topic: str) -> None:
        self.subscribed.clear()
        self.client.subscribe(topic, qos=1)
        assert self.subscribed.wait(20)

    def publish(self, topic: str, text: str, *, retain: bool = False) -> None:
        """Hand one message over; it is sent again until a broker has acknowledged it."""
        message = self.client.publish(topic, text, qos=1, retain=retain)
        self.acknowledged[message.mid] = text

    def settle(self, seconds: float = 60) -> None:
        """Wait until every message that was handed over is acknowledged."""
        until(lambda: len(self.confirmed) == len(self.acknowledged), seconds)

    def stop(self) -> None:
        self._leaving.set()
        self._thread.join(10)

    def _loop(self) -> None:
        while not self._leaving.is_set():
            with suppress(OSError):
                self.client.connect(*next(self.addresses), keepalive=15)
                while self.client.loop(timeout=LOOP) == paho.MQTT_ERR_SUCCESS and not self._leaving.is_set():
                    pass
            self._leaving.wait(0.3)
        self.client.disconnect()
        self.client.loop(timeout=LOOP)

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.answers.append(str(reason))
        self.connections += not reason.is_failure

    def _message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        (self.retained if message.retain else self.received).append(message.payload.decode())

    def _published(self, _client: Any, _data: Any, mid: int, _reason: Any, _properties: Any) -> None:
        self._answered.append(mid)


@contextmanager
def device(site: StandIns, service: str, name: str, addresses: list[Address]) -> Iterator[Device]:
    one = Device(site, service, f"{name}-{time.time_ns()}", addresses)
    one.start()
    try:
        yield one
    finally:
        one.stop()


def brokers(site: StandIns, service: str) -> list[Address]:
    return sorted(site.healthy(service))


def entrance(site: StandIns, service: str, first: int = 0) -> list[Address]:
    """Return where devices come in: at the same ingress all of them if it is public, else each at another broker."""
    if sites.SERVICES[service].get("public"):
        return [(address, PUBLIC) for address in site.ingresses]
    doors = brokers(site, service)
    return doors[first:] + doors[:first]


def steadily(app: Device, topic: str, done: Callable[[], bool], seconds: float) -> None:
    """Publish at the rate until it is done, then until all is acknowledged."""
    deadline, number = time.monotonic() + seconds, 0
    while not done():
        assert time.monotonic() < deadline, "the members did not come back in time"
        app.publish(topic, f"{topic}-{number}")
        number += 1
        time.sleep(1 / RATE)
    app.settle()


def lost(app: Device, receiver: Device) -> set[str]:
    """Return what was acknowledged and does not arrive within a minute."""
    with suppress(TimeoutError, AssertionError):
        until(lambda: set(app.confirmed) <= set(receiver.received), seconds=60)
    return set(app.confirmed) - set(receiver.received)


@contextmanager
def under_load(site: StandIns, service: str) -> Iterator[None]:
    """Have messages come and go while something happens; in the end every one that was acknowledged has arrived."""
    ended = Event()
    with (
        device(site, service, "app", brokers(site, service)) as app,
        device(site, service, "device", entrance(site, service)) as receiver,
    ):
        receiver.subscribe("updated")
        sender = Thread(target=steadily, args=(app, "updated", ended.is_set, 1200))
        sender.start()
        try:
            yield
        finally:
            ended.set()
            sender.join(120)
        missing = lost(app, receiver)
        note = f"{len(app.confirmed)} acknowledged, {app.connections} connections"
        record(f"{service}: messages lost in an update", len(missing), note=note)
        assert app.confirmed
        assert not missing
    site.wait_whole(service, TASKS[service], NODES)


@broker
@pytest.mark.parametrize("login", [("app", "wrong"), ("app", ""), ("guest", "guest"), None])
def test_nobody_comes_in_without_the_password(
    site: StandIns, service: str, login: tuple[str, str] | None
) -> None:
    address = brokers(site, service)[0]
    stranger = Device(site, service, "stranger", [address])
    stranger.client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id="stranger", protocol=MQTTProtocolVersion.MQTTv311
    )
    stranger.client.tls_set(ca_certs=str(stranger.ca))
    stranger.client.on_connect = stranger._connected
    if login:
        stranger.client.username_pw_set(*login)
    stranger.client.connect(*address)
    deadline = time.monotonic() + 15
    while not stranger.answers and time.monotonic() < deadline:
        stranger.client.loop(timeout=0.2)
    assert stranger.connections == 0
    assert "Success" not in stranger.answers


@broker
def test_a_retained_message_waits_for_who_comes_later(site: StandIns, service: str) -> None:
    """RabbitMQ keeps it at the broker that took it, NATS at all of them."""
    addresses = brokers(site, service)
    topic = f"state/{time.time_ns()}"
    with device(site, service, "writer", addresses[:1]) as writer:
        writer.publish(topic, "on", retain=True)
        writer.settle()
    elsewhere = addresses[:1] if service == "devices" else addresses[1:2]
    with device(site, service, "reader", elsewhere) as reader:
        reader.subscribe(topic)
        until(lambda: reader.retained == ["on"], seconds=15)


@pytest.mark.skipif("devices" not in sites.chosen(), reason="it is RabbitMQ that is asked")
def test_rabbitmq_says_that_it_has_no_shared_subscriptions(site: StandIns) -> None:
    """The table in its README says so too; clients of MQTT 5 learn it when they connect."""
    told: list[Any] = []
    probe = Device(site, "devices", "five", brokers(site, "devices"))
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="five", protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(probe.login["user"], probe.login["password"])
    client.tls_set(ca_certs=str(probe.ca))
    client.on_connect = lambda _client, _data, _flags, _reason, properties: told.append(properties)
    client.connect(*brokers(site, "devices")[0])
    deadline = time.monotonic() + 15
    while not told and time.monotonic() < deadline:
        client.loop(timeout=0.2)
    client.disconnect()
    assert told[0].packetType == PacketTypes.CONNACK
    assert told[0].SharedSubscriptionAvailable == 0


@broker
def test_a_broker_dies_and_loses_its_disk(site: StandIns, service: str) -> None:
    """Three devices come in as from outside, one at each broker; one broker is killed and starts with an empty disk.

    An ingress gives each of three connections in a row to another broker.
    """
    task, topic = TASKS[service], f"{service}-killed"
    victim = site.instances(service)[0]
    place = next(each for each in _members(site, service) if victim.address in each)
    others = [address for address in brokers(site, service) if address[0] != victim.address]
    with (
        device(site, service, "first", entrance(site, service)) as first,
        device(site, service, "second", entrance(site, service, 1)) as second,
        device(site, service, "third", entrance(site, service, 2)) as third,
        device(site, service, "app", [(victim.address, others[0][1]), *others]) as app,
    ):
        devices = [first, second, third]
        for each in devices:
            each.subscribe(topic)
        steadily(app, topic, _after(3), seconds=60)
        folder = site.volume(service, victim.node)
        site.kill(service, victim, task)
        site.machine(victim.node).run(f"find {folder} -mindepth 1 -delete")
        site.nomad("alloc", "stop", "-detach", victim.id)
        with step(f"{service}: a killed broker with an empty disk has all copies again") as watch:
            steadily(app, topic, _whole(site, service), seconds=180)
            missing = [lost(app, each) for each in devices]
            watch.note = f"{len(app.confirmed)} messages acknowledged, {sum(map(len, missing))} of them lost"
        assert not any(missing), missing
        assert app.connections > 1
        assert any(each.connections > 1 for each in devices)
    assert place in _members(site, service)


@pytest.mark.slow
@pytest.mark.skipif("devices" not in sites.chosen(), reason="it is RabbitMQ that once waited for the third")
def test_two_of_three_go_on_after_all_lost_their_power(site: StandIns) -> None:
    """The third one stays away until they have shown that they do without it: they must not wait to hear of it."""
    service, topic, name = "devices", "power", f"offline-{time.time_ns()}"
    before = Device(site, service, name, brokers(site, service))
    before.start()
    before.subscribe(topic)
    before.stop()
    with device(site, service, "app", brokers(site, service)) as app:
        steadily(app, topic, _after(5), seconds=60)
        # The one that stays away goes last: it alone saw the others go.
        first, second, away = site.bed.machines[:3]
        for machine in (first, second, away):
            machine.power_cut()
        with step(f"{service}: two of three serve after all lost their power"):
            site.bed.boot(first.name, second.name)
            until(lambda: len(site.healthy(service)) == NODES - 1, seconds=300)
            steadily(app, topic, _after(5), seconds=120)
        after = Device(site, service, name, brokers(site, service))
        after.start()
        missing = lost(app, after)
        after.stop()
        note = f"{len(app.confirmed)} acknowledged, before and after"
        record(f"{service}: messages lost when all lost their power", len(missing), note=note)
    site.bed.boot(away.name)
    site.wait_whole(service, TASKS[service], NODES, seconds=300)
    for other, keys in sites.chosen().items():
        until(lambda at=other, count=keys["nodes"]: len(site.healthy(at, "-member")) == count, 300)  # type: ignore[misc]
    assert not missing


def _members(site: StandIns, service: str) -> list[str]:
    """Return `id address` of every place."""
    found = site.report(service, TASKS[service])
    return sorted(
        f"{name.removeprefix('member.')} {value.split()[0]}"
        for name, value in found.items()
        if name.startswith("member.")
    )


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _whole(site: StandIns, service: str) -> Callable[[], bool]:
    """Return what asks, every three seconds and beside the publishing, whether every member has all copies."""
    whole = Event()

    def look() -> None:
        while not whole.is_set():
            time.sleep(5)
            if (
                len(site.healthy(service, "-member")) == NODES
                and site.report(service, TASKS[service]).get("full") == "yes"
            ):
                whole.set()

    Thread(target=look, daemon=True).start()
    return whole.is_set
