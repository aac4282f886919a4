"""Messages to and from devices over MQTT: the scale at the counter, the sign at the door."""

import os
import queue
import ssl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

SECONDS = 5


class Line:
    """A connection for one piece of work: it ends with an error rather than wait for ever."""

    def __init__(self) -> None:
        """Prepare a client that has its login and trusts the broker's authority."""
        self._answers: queue.Queue[str] = queue.Queue()
        self._messages: queue.Queue[str] = queue.Queue()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, f"shop-{uuid.uuid4().hex[:12]}")
        self._client.username_pw_set(
            os.environ.get("DEVICES_USER") or None, os.environ.get("DEVICES_PASSWORD") or None
        )
        self._client.on_connect = lambda _client, _data, _flags, reason, _more: self._answers.put(str(reason))
        self._client.on_subscribe = lambda *_: self._answers.put("subscribed")
        self._client.on_message = lambda _client, _data, message: self._messages.put(message.payload.decode())

    def open(self) -> None:
        """Connect and log in."""
        url = urlsplit(os.environ["DEVICES_URL"])
        if url.scheme == "mqtts":
            self._client.tls_set_context(ssl.create_default_context(cafile=os.environ.get("DEVICES_CA")))
        self._client.connect(url.hostname, url.port or 1883, keepalive=30)
        self._client.loop_start()
        if (answer := self._answers.get(timeout=SECONDS)) != "Success":
            raise ConnectionError(answer)

    def close(self) -> None:
        """Say good-bye."""
        self._client.disconnect()
        self._client.loop_stop()

    def subscribe(self, topic: str) -> None:
        """Ask for the messages of a topic, and for the last one that was retained."""
        self._client.subscribe(topic, qos=1)
        self._answers.get(timeout=SECONDS)

    def publish(self, topic: str, text: str, *, retain: bool = False) -> None:
        """Send a message at least once."""
        sent = self._client.publish(topic, text, qos=1, retain=retain)
        sent.wait_for_publish(SECONDS)
        if not sent.is_published():
            raise TimeoutError("the broker has not taken the message")

    def next(self, seconds: float = SECONDS) -> str:
        """Return the next message that comes; raise queue.Empty if none does."""
        return self._messages.get(timeout=seconds)


@contextmanager
def line() -> Iterator[Line]:
    """Return a line to the broker."""
    found = Line()
    try:
        found.open()
        yield found
    finally:
        found.close()


def show(device: str, text: str) -> None:
    """Tell a device what to show; one that is away gets it when it comes back."""
    with line() as broker:
        broker.publish(f"devices/{device}/shows", text, retain=True)


def shown(device: str) -> str | None:
    """Return what a device is to show, None if nobody has said."""
    with line() as broker:
        broker.subscribe(f"devices/{device}/shows")
        try:
            return broker.next(2)
        except queue.Empty:
            return None


def check() -> None:
    """Send a message to ourselves."""
    with line() as broker:
        topic = f"devices/{uuid.uuid4().hex[:12]}/check"
        broker.subscribe(topic)
        broker.publish(topic, "check")
        broker.next()
