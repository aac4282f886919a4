"""Writes a topic of Kafka to object storage: every record once, in the order of its partition.

What has been archived of a partition is what its last object says, and nothing else: the next object begins behind
its last record, its name says where, and it is only written if there is none of that name. So a process that is
killed, or runs twice, can at any moment only lengthen one chain. `archive.md` has the argument in full.

It runs by itself: whatever goes wrong ends it, and the next start finds its place in the storage again.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

_MOST = 16 << 20  # bytes of lines in a batch
_MOST_OF_ALL = (
    64 << 20
)  # bytes of lines in all batches together: the job has 384 MiB, and lines take half as much again
_CONSUMED = 500  # records at a time
_PATIENCE = 30.0  # seconds for an answer of Kafka
_THERE_IS_ONE = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(slots=True)
class Batch:
    """Lines of one partition; `first` is the offset at which it begins, `after` the one behind its last record."""

    first: int
    after: int
    opened: float
    lines: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, offset: int, line: bytes) -> None:
        """Take one more record."""
        self.lines.append(line)
        self.size += len(line)
        self.after = offset + 1

    def is_due(self, every: float) -> bool:
        """Tell whether it is old enough, or large enough, to be written."""
        return self.size >= _MOST or time.monotonic() - self.opened >= every


@dataclass(frozen=True, slots=True)
class Storage:
    """The objects of one topic in a bucket."""

    client: Any
    bucket: str
    topic: str

    def key(self, partition: int, first: int) -> str:
        """Return the name of an object; names sort as offsets do."""
        return f"{self.topic}/{partition}/{first:020d}.jsonl.gz"

    def end(self, partition: int, known: int) -> int:
        """Return the offset behind the last record that is stored; `known` is one up to which all is surely stored."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket,
            Prefix=f"{self.topic}/{partition}/",
            StartAfter=self.key(partition, known)[:-1],  # before the object that begins at `known`
        )
        last = None
        for page in pages:
            for found in page.get("Contents", ()):
                last = found["Key"]
        if last is None:
            return known
        content = self.client.get_object(Bucket=self.bucket, Key=last)["Body"].read()
        line = gzip.decompress(content).splitlines()[-1]
        return int(json.loads(line)["offset"]) + 1

    def put(self, partition: int, batch: Batch) -> None:
        """Write a batch, as a whole or not at all; raise `SystemExit` if somebody else has written one there."""
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=self.key(partition, batch.first),
                Body=gzip.compress(b"".join(batch.lines), mtime=0),
                ContentType="application/gzip",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THERE_IS_ONE:
                raise
            raise SystemExit(
                f"{self.key(partition, batch.first)} is there already: beginning behind it"
            ) from error


class Archive:
    """Reads as a member of a consumer group, so that of several only one reads a partition."""

    def __init__(self, consumer: Consumer, storage: Storage, every: float) -> None:
        """Take what it reads from and writes to; `every` is the age in seconds at which a batch is written."""
        self._consumer = consumer
        self._storage = storage
        self._every = every
        self._positions: dict[int, int] = {}
        self._batches: dict[int, Batch] = {}
        self._stopped = False

    def stop(self, *_: object) -> None:
        """End soon; what is collected is read again by the next one."""
        self._stopped = True

    def run(self) -> None:
        """Read and write until it is stopped; raise whatever goes wrong."""
        self._consumer.subscribe(
            [self._storage.topic], on_assign=self._take_on, on_revoke=self._let_go, on_lost=self._let_go
        )
        while not self._stopped:
            for message in self._consumer.consume(_CONSUMED, timeout=0.5):
                self._collect(message)
            for partition in self._due():
                self._write(partition)
        self._consumer.close()

    def _due(self) -> list[int]:
        """Return the partitions to be written now: where all together are too large, the largest before their time."""
        due = [number for number, batch in self._batches.items() if batch.is_due(self._every)]
        waiting = sorted(self._batches.keys() - due, key=lambda number: self._batches[number].size)
        while sum(self._batches[number].size for number in waiting) > _MOST_OF_ALL:
            due.append(waiting.pop())
        return due

    def _take_on(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        begun = []
        for found in consumer.committed(list(partitions), timeout=_PATIENCE):
            begin = self._storage.end(found.partition, max(found.offset, 0))
            low, high = consumer.get_watermark_offsets(found, timeout=_PATIENCE)
            if begin > high:
                raise SystemExit(
                    f"{found.topic}/{found.partition} ends at {high}, but is archived up to {begin}: if the topic was "
                    "made again, move what is archived of the old one elsewhere and delete this consumer group"
                )
            if 0 < begin < low:
                say(
                    f"LOST: Kafka deleted {found.topic}/{found.partition} up to {low}, archived is up to {begin}"
                )
            self._positions[found.partition] = begin
            self._batches.pop(found.partition, None)
            begun.append(TopicPartition(found.topic, found.partition, max(begin, low)))
            say(f"{found.topic}/{found.partition} from {max(begin, low)}")
        consumer.assign(begun)

    def _let_go(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        for each in partitions:
            self._batches.pop(each.partition, None)
            self._positions.pop(each.partition, None)

    def _collect(self, message: Message) -> None:
        if error := message.error():
            if error.code() != KafkaError._PARTITION_EOF and not error.retriable():
                raise KafkaException(error)
            return
        partition, offset = place(message)
        first = self._positions.get(partition)
        if first is None:  # let go while it was on its way
            return
        batch = self._batches.setdefault(partition, Batch(first, first, time.monotonic()))
        if offset >= batch.after:
            batch.add(offset, line_of(message))

    def _write(self, partition: int) -> None:
        batch = self._batches.pop(partition)
        self._storage.put(partition, batch)
        self._positions[partition] = batch.after
        say(f"{self._storage.key(partition, batch.first)}: {len(batch.lines)} records")
        done = TopicPartition(self._storage.topic, partition, batch.after)
        try:
            self._consumer.commit(offsets=[done], asynchronous=False)
        except KafkaException as error:
            # Only how far the group is shown to be: the next one asks the storage.
            say(
                f"{done.topic}/{partition} is archived up to {batch.after}, which Kafka did not note: {error}"
            )


def place(message: Message) -> tuple[int, int]:
    """Return partition and offset of a record; the library leaves them out of errors only."""
    return cast("int", message.partition()), cast("int", message.offset())


def line_of(message: Message) -> bytes:
    """Return a record as one line of JSON; what is no UTF-8 becomes `key_base64`, `value_base64`."""
    record: dict[str, Any] = {"offset": message.offset(), "timestamp": message.timestamp()[1]}
    record |= _text("key", message.key()) | _text("value", message.value())
    if headers := cast("list[tuple[str, bytes | None]]", message.headers()):
        record["headers"] = [{"name": name, **_text("value", value)} for name, value in headers]
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _text(name: str, data: bytes | None) -> dict[str, str | None]:
    if data is None:
        return {name: None}
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode()}


def say(text: str) -> None:
    """Write a line to the task's log."""
    sys.stderr.write(f"{text}\n")


def _consumer(env: dict[str, str]) -> Consumer:
    login = {
        "sasl.mechanism": env["KAFKA_MECHANISM"],
        "sasl.username": env["KAFKA_USER"],
        "sasl.password": env["KAFKA_PASSWORD"],
    }
    return Consumer(
        {
            "bootstrap.servers": env["KAFKA_SERVERS"],
            "security.protocol": env["KAFKA_PROTOCOL"],
            "ssl.ca.location": env["KAFKA_CA"],
            **(login if env["KAFKA_MECHANISM"] else {}),
            "group.id": env["GROUP"],
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            # One that was killed makes room soon, yet later than its last request to the storage can take effect.
            "session.timeout.ms": 10000,
            "queued.max.messages.kbytes": 32768,
        }
    )


def _storage(env: dict[str, str]) -> Storage:
    client = boto3.client(
        "s3",
        endpoint_url=env["S3_ENDPOINT"],
        region_name=env["S3_REGION"],
        aws_access_key_id=env["S3_ACCESS_KEY"] or None,
        aws_secret_access_key=env["S3_SECRET_KEY"] or None,
        verify=env["S3_CA"],
        config=Config(s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=30),
    )
    return Storage(client, env["S3_BUCKET"], env["TOPIC"])


def main() -> None:
    """Run with what the environment says."""
    env = dict(os.environ)
    archive = Archive(_consumer(env), _storage(env), float(env["EVERY"]))
    signal.signal(signal.SIGTERM, archive.stop)
    signal.signal(signal.SIGINT, archive.stop)
    archive.run()


if __name__ == "__main__":
    main()
