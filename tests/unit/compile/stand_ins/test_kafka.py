"""Kafka's jobs: what becomes of topics, of memory and of an archive."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hashistack import pipeline

DESCRIPTOR = """
app: shop
image: registry.example.com/shop:1
processes: {{worker: {{command: work}}}}
backing_services:
  events: {events}
  uploads: {{type: object-storage, buckets: [drafts, others]}}
environments:
  factory:
    target: onprem
    domain: shop.example.com
    ssh: {{user: admin}}
    hosts:
      h1: {{address: 10.0.0.1, roles: [server, client, ingress]}}
      h2: {{address: 10.0.0.2, roles: [server, client]}}
      h3: {{address: 10.0.0.3, roles: [server, client]}}
"""


def jobs(events: str) -> dict[str, str]:
    """Return the texts of the service's jobs by their names: "shop-events", "shop-events-setup" ..."""
    application = pipeline.load(DESCRIPTOR.format(events=events), "hashistack.yaml")
    files = {Path(file.path).name.split(".")[0]: file.content for file in pipeline.build(application).files}
    return {name: content.decode() for name, content in files.items() if name.startswith("shop-events")}


@pytest.mark.parametrize(
    ("topic", "line"),
    [
        ("{partitions: 6}", "t 6 3 cleanup.policy=delete;min.insync.replicas=2;retention.ms=604800000"),
        ("{replicas: 1}", "t 1 1 cleanup.policy=delete;min.insync.replicas=1;retention.ms=604800000"),
        ("{replicas: 2, retention: 1h}", "t 1 2 cleanup.policy=delete;min.insync.replicas=1;retention.ms=3600000"),
        ("{compact: true}", "t 1 3 cleanup.policy=compact;min.insync.replicas=2;retention.ms=604800000"),
    ],
)  # fmt: skip
def test_a_topic_is_a_line_for_the_setup_job_alone(topic: str, line: str) -> None:
    found = jobs(f"{{type: kafka, nodes: 3, topics: {{t: {topic}}}}}")
    assert f"\n{line}\n" in found["shop-events-setup"]
    assert line not in found["shop-events"]
    assert found["shop-events"] == jobs("{type: kafka, nodes: 3}")["shop-events"]


@pytest.mark.parametrize(("memory", "heap"), [("1GiB", 512), ("4GiB", 2048), ("32GiB", 6144)])
def test_half_of_the_memory_is_heap_and_no_more_than_kafka_can_use(memory: str, heap: int) -> None:
    assert re.search(rf"HEAP += {heap}\n", jobs(f"{{type: kafka, memory: {memory}}}")["shop-events"])


def test_an_archive_reads_where_the_app_would_and_writes_to_the_first_bucket() -> None:
    assert set(jobs("{type: kafka}")) == {"shop-events", "shop-events-setup"}
    text = jobs("{type: kafka, topics: {t: {}}, archive: {topic: t, to: uploads, every: 2m}}")[
        "shop-events-archive"
    ]
    assert 'S3_BUCKET={{ (or $uploads.ServiceMeta.bucket "drafts") | toJSON }}' in text
    assert 'range service "shop-events"' in text
    assert re.search(r'EVERY += "120"\n', text)
    assert re.search(r'image += "python:[0-9.]+-slim@sha256:[0-9a-f]{64}"\n', text)


def test_an_archive_can_have_an_image_that_fetches_nothing() -> None:
    archive = "{topic: t, to: uploads, image: registry.example.com/archive:1}"
    text = jobs(f"{{type: kafka, topics: {{t: {{}}}}, archive: {archive}}}")["shop-events-archive"]
    assert re.search(r'image += "registry.example.com/archive:1"\n', text)
