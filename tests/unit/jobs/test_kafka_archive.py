"""Kill the archive wherever it can be killed: every record is stored once, whatever happened."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")
pytest.importorskip("boto3")
from botocore.exceptions import ClientError
from confluent_kafka import TopicPartition

PROGRAM = Path(__file__).parents[3] / "jobs" / "kafka" / "archive.py"
RECORDS = 60


class Killed(BaseException):
    """What ends the process from outside; nothing in it can catch that."""


class Message:
    """A record as the client library hands it out."""

    def __init__(self, offset: int, key: bytes | None = b"k", value: bytes | None = None) -> None:
        self._offset, self._key = offset, key
        self._value = f"r{offset}".encode() if value is None else value

    def error(self) -> None:
        return None

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        return (1, 1000 + self._offset)

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> bytes | None:
        return self._value

    def headers(self) -> None:
        return None


class Bucket:
    """Object storage that keeps what was put, even if whoever put it never hears of it."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.dangers: Iterator[bool] = iter(())

    def put_object(self, *, Key: str, Body: bytes, IfNoneMatch: str, **_: Any) -> None:
        danger(self.dangers)
        assert IfNoneMatch == "*"
        if Key in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[Key] = Body
        danger(self.dangers)

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def get_paginator(self, _: str) -> Bucket:
        return self

    def paginate(self, *, Prefix: str, StartAfter: str, **_: Any) -> list[dict[str, Any]]:
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > StartAfter)
        return [{"Contents": [{"Key": key}]} for key in keys] or [{}]


class Broker:
    """One partition and the offset that a group has committed."""

    def __init__(self, records: int, low: int = 0) -> None:
        self.log = [Message(offset) for offset in range(low, records)]
        self.low, self.high = low, records
        self.committed_offset = -1001
        self.dangers: Iterator[bool] = iter(())
        self.chance = random.Random(1)

    def subscribe(self, topics: list[str], on_assign: Any, **_: Any) -> None:
        on_assign(self, [TopicPartition(topics[0], 0)])

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [TopicPartition(each.topic, each.partition, self.committed_offset) for each in partitions]

    def get_watermark_offsets(self, _: TopicPartition, timeout: float) -> tuple[int, int]:
        return self.low, self.high

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.position = partitions[0].offset

    def consume(self, _: int, timeout: float) -> list[Message]:
        danger(self.dangers)
        if self.position >= self.high:
            raise Killed
        count = self.chance.randint(1, 7)
        found = [each for each in self.log if self.position <= each.offset() < self.position + count]
        self.position += count
        return found

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> None:
        danger(self.dangers)
        self.committed_offset = offsets[0].offset
        danger(self.dangers)


def danger(dangers: Iterator[bool]) -> None:
    """Be killed here, if this is a place that was chosen."""
    if next(dangers, False):
        raise Killed


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kafka_archive", PROGRAM)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for their own module
    spec.loader.exec_module(module)
    return module


def run(program: ModuleType, broker: Broker, bucket: Bucket) -> None:
    """Run until it is killed; every batch is due at once."""
    program.Archive(broker, program.Storage(bucket, "uploads", "orders"), 0.0).run()


def stored(bucket: Bucket) -> list[int]:
    """Return the offsets of all lines of all objects, in the order of the objects' names."""
    lines = [
        line for key in sorted(bucket.objects) for line in gzip.decompress(bucket.objects[key]).splitlines()
    ]
    return [json.loads(line)["offset"] for line in lines]


@pytest.mark.parametrize("seed", range(40))
def test_every_record_is_stored_once_however_often_it_is_killed(program: ModuleType, seed: int) -> None:
    chance = random.Random(seed)
    broker, bucket = Broker(RECORDS), Bucket()
    for _ in range(30):
        broker.dangers = bucket.dangers = iter([chance.random() < 0.15 for _ in range(200)])
        with pytest.raises(Killed):
            run(program, broker, bucket)
        assert broker.committed_offset <= len(stored(bucket))
    broker.dangers = bucket.dangers = iter(())
    with pytest.raises(Killed):  # at the end of the log
        run(program, broker, bucket)
    assert stored(bucket) == list(range(RECORDS))


def test_of_two_at_the_same_place_the_second_writes_nothing(program: ModuleType) -> None:
    bucket = Bucket()
    first, second = (
        program.Archive(Broker(RECORDS), program.Storage(bucket, "uploads", "orders"), 0.0) for _ in range(2)
    )
    for archive in (first, second):
        archive._consumer.subscribe(["orders"], on_assign=archive._take_on)
    first._collect(Message(0))
    for offset in (0, 1):
        second._collect(Message(offset))
    first._write(0)
    with pytest.raises(SystemExit, match="is there already"):
        second._write(0)
    assert stored(bucket) == [0]


def test_without_its_first_objects_it_goes_on_where_the_last_one_ends(program: ModuleType) -> None:
    broker, bucket = Broker(RECORDS), Bucket()
    with pytest.raises(Killed):
        run(program, broker, bucket)
    for key in sorted(bucket.objects)[:-1]:
        del bucket.objects[key]
    before, broker.committed_offset = dict(bucket.objects), -1001
    with pytest.raises(Killed):
        run(program, broker, bucket)
    assert bucket.objects == before


def test_what_kafka_deleted_is_called_lost(program: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    bucket = Bucket()
    with pytest.raises(Killed):
        run(program, Broker(10), bucket)
    with pytest.raises(Killed):
        run(program, Broker(30, low=20), bucket)
    assert stored(bucket) == [*range(10), *range(20, 30)]
    assert "LOST: Kafka deleted orders/0 up to 20, archived is up to 10" in capsys.readouterr().err


def test_a_topic_that_was_made_again_is_refused(program: ModuleType) -> None:
    bucket = Bucket()
    with pytest.raises(Killed):
        run(program, Broker(RECORDS), bucket)
    with pytest.raises(SystemExit, match="archived up to 60"):
        run(program, Broker(5), bucket)


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"caf\xc3\xa9", {"value": "café"}), (b"\xff\x00", {"value_base64": "/wA="}), (b"", {"value": ""})],
)
def test_a_value_comes_back_as_it_was(program: ModuleType, data: bytes, expected: dict[str, str]) -> None:
    line = program.line_of(Message(7, None, data))
    assert json.loads(line) == {"offset": 7, "timestamp": 1007, "key": None, **expected}
    assert line.isascii()
    assert line.count(b"\n") == 1


def test_what_waits_of_many_partitions_does_not_take_all_memory(program: ModuleType) -> None:
    archive = program.Archive(Broker(0), program.Storage(Bucket(), "uploads", "orders"), 3600.0)
    for partition in range(12):
        batch = program.Batch(0, 0, time.monotonic())
        batch.size = (partition + 1) << 20
        archive._batches[partition] = batch
    due = archive._due()
    assert due == [11, 10]
    assert sum(archive._batches[each].size for each in range(12) if each not in due) <= program._MOST_OF_ALL
