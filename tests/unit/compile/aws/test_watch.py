from __future__ import annotations

from dataclasses import replace

import pytest

from hashistack.compile.aws import watch
from tests.unit.compile.aws.stacks import files, stack

QUEUE = "{namespace: AWS/SQS, metric: Waiting, dimensions: {QueueName: orders, Region: here}, target: 100}"


def scaled(scale: str) -> str:
    return files(watch.artifacts, stack(f"clients: {{min: 2, max: 9, scale: {scale}}}"))["scaling.tf"]


def test_what_has_no_room_to_scale_has_no_policy() -> None:
    found = files(watch.artifacts, stack("clients: {min: 3, max: 3}"))
    assert "scaling.tf" not in found
    assert '"full"' not in found["alarms.tf"]


@pytest.mark.parametrize(
    ("scale", "policy", "target"),
    [
        ("{cpu: 55}", "cpu", 55),
        ("{memory: 70}", "memory", 70),
        ("{requests: 200}", "requests", 12000),
        (f"{{queue: {QUEUE}}}", "queue", 100),
    ],
)
def test_each_measure_has_its_policy(scale: str, policy: str, target: int) -> None:
    text = scaled(scale)
    assert text.count('resource "aws_autoscaling_policy"') == 1
    assert f'resource "aws_autoscaling_policy" "{policy}"' in text
    assert f"target_value = {target}\n" in text


def test_a_queue_is_found_by_its_dimensions() -> None:
    text = scaled(f"{{queue: {QUEUE}}}")
    assert 'dimensions {\nname = "QueueName"\nvalue = "orders"\n}' in text
    assert 'dimensions {\nname = "Region"\nvalue = "here"\n}' in text


@pytest.mark.parametrize(("count", "majority"), [(1, 1), (3, 2), (5, 3)])
def test_somebody_is_told_before_the_majority_is_lost(count: int, majority: int) -> None:
    text = files(watch.artifacts, stack(f"servers: {count}"))["alarms.tf"]
    assert f"threshold = {majority}\n" in text.split('"quorum"')[1].split("\n}\n")[0]
    assert f"(aws_autoscaling_group.server.name) = {count}\n" in text


def test_alarms_say_what_the_descriptor_says() -> None:
    text = files(
        watch.artifacts, stack("alarms: {email: [a@example.com, b@example.com], errors: 3, latency: 1500}")
    )["alarms.tf"]
    assert 'for_each = toset(["a@example.com", "b@example.com"])' in text
    assert "threshold = 3\n" in text.split('"errors"')[1]
    assert "threshold = 1.5\n" in text.split('"latency"')[1]


def test_without_an_address_nobody_is_asked() -> None:
    assert "aws_sns_topic_subscription" not in files(watch.artifacts, stack())["alarms.tf"]


def test_an_app_without_routes_has_no_answers_to_watch() -> None:
    text = files(watch.artifacts, replace(stack(), processes=()))["alarms.tf"]
    assert "aws_lb" not in text
    assert '"quorum"' in text


def test_logs_are_kept_as_long_as_the_descriptor_says() -> None:
    assert "retention_in_days = 90\n" in files(watch.artifacts, stack("logs: 90"))["logs.tf"]
