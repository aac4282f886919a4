"""What happens in the shop, as records in Kafka: web and worker say it, the worker listens."""

import json
import os
import threading
from collections.abc import Callable

from confluent_kafka import Consumer, KafkaException, Producer

TOPIC = "orders"
GROUP = "shop"
SECONDS = 8


def _login() -> dict[str, str]:
    environ = os.environ
    login = {
        "bootstrap.servers": environ["EVENTS_BROKERS"],
        "security.protocol": environ.get("EVENTS_PROTOCOL") or "PLAINTEXT",
        "ssl.ca.location": environ.get("EVENTS_CA") or "/etc/ssl/certs/ca-certificates.crt",
    }
    if environ.get("EVENTS_USER"):
        login["sasl.mechanism"] = environ["EVENTS_MECHANISM"]
        login["sasl.username"], login["sasl.password"] = environ["EVENTS_USER"], environ["EVENTS_PASSWORD"]
    return login


def publish(kind: str, order: str) -> None:
    """Say what happened to an order; return when every copy is written, raise if that takes too long."""
    failures: list[str] = []
    settings = {"acks": "all", "enable.idempotence": True, "message.timeout.ms": SECONDS * 1000 - 1000}
    producer = Producer({**_login(), **settings})
    producer.produce(
        TOPIC,
        key=order,  # all that happens to an order is in one partition, so in its order
        value=json.dumps({"kind": kind, "order": order}),
        on_delivery=lambda error, _: failures.append(str(error)) if error else None,
    )
    left = producer.flush(SECONDS)
    if failures or left:
        raise ConnectionError(failures[0] if failures else "no answer from the brokers")


def follow(ended: threading.Event, take: Callable[[dict[str, str]], None]) -> None:
    """Hand every record to `take` until `ended` is set; what was not taken comes again after a restart."""
    consumer = Consumer(
        {**_login(), "group.id": GROUP, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    )
    consumer.subscribe([TOPIC])
    try:
        while not ended.is_set():
            record = consumer.poll(1)
            if record is None:
                continue
            if record.error():
                raise KafkaException(record.error())
            take(json.loads(record.value()))
            consumer.commit(message=record, asynchronous=False)
    finally:
        consumer.close()


def check() -> None:
    """Write a record with all its copies."""
    publish("check", "check")
