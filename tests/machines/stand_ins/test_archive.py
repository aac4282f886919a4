"""The archive of a topic, killed again and again in the middle of a stream: every record is in one object, once."""

from __future__ import annotations

import gzip
import json
import time
from collections import defaultdict

from tests.local.api import until
from tests.machines.stand_ins.kafka_client import SERVICE, everything, streaming
from tests.machines.stand_ins.object_store import BUCKET, ObjectStore
from tests.machines.stand_ins.site import StandIns
from tests.machines.times import record

ARCHIVE = f"{SERVICE}-archive"
TASK = "archive"
TOPIC = "measured"
KILLS = 4
BETWEEN = 6.0  # seconds between two kills: more than the time of a batch


def archived(site: StandIns) -> dict[int, list[int]]:
    """Return the numbers of all archived records by partition, in the order of objects and lines."""
    store = ObjectStore(site).client()
    found: dict[int, list[int]] = defaultdict(list)
    pages = store.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{TOPIC}/")
    for key in sorted(each["Key"] for page in pages for each in page.get("Contents", ())):
        content = gzip.decompress(store.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        lines = [json.loads(line) for line in content.splitlines()]
        first = int(key.rpartition("/")[2].partition(".")[0])
        assert lines[0]["offset"] == first, f"{key} begins elsewhere"
        found[int(key.split("/")[1])] += [int(line["value"]) for line in lines]
    return found


def test_a_killed_archive_neither_loses_nor_doubles_a_record(site: StandIns) -> None:
    with streaming(site, TOPIC) as stream:
        for _ in range(KILLS):
            time.sleep(BETWEEN)
            for instance in site.instances(ARCHIVE):
                site.kill(ARCHIVE, instance, TASK)
    topic, ended = everything(site, TOPIC), time.monotonic()
    until(lambda: sum(map(len, archived(site).values())) >= sum(map(len, topic.values())), seconds=120)
    found = archived(site)
    assert found == topic
    assert all(set(numbers) <= set(found[partition]) for partition, numbers in stream.acknowledged.items())
    note = f"{stream.count} acknowledged, {sum(map(len, found.values()))} archived, 0 lost, 0 twice"
    record(f"the archive is killed {KILLS} times: until it has all", time.monotonic() - ended, note=note)
