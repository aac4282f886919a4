from __future__ import annotations

from dataclasses import replace

from hashistack.compile.aws import watch
from hashistack.compile.aws.gauges import gauges
from hashistack.model import BackingService, Managed, ServiceType, Stack
from tests.unit.compile.aws.stacks import files, stack

GIB = 1024**3


def with_service(kind: ServiceType, managed: Managed | None) -> Stack:
    service = BackingService(
        name="it",
        type=kind,
        engine=kind,
        version=None,
        nodes=1,
        storage=50 * 1024,
        topics=(),
        buckets=(),
        public=(),
        managed=managed,
    )
    return replace(stack(), backing_services=(service,))


def limits(kind: ServiceType) -> dict[str, int]:
    return {gauge.name: gauge.limit for gauge in gauges(with_service(kind, Managed(None, False, 7)))}


def test_each_service_is_watched_for_what_it_runs_short_of() -> None:
    assert limits("postgres") == {"it-disk": 5 * GIB, "it-cpu": 90}
    assert limits("redis") == {"it-memory": 90}
    assert limits("kafka") == {"it-disk": 85}
    assert limits("mongodb") == {"it-cpu": 90}


def test_what_has_no_machines_is_not_watched() -> None:
    assert limits("object-storage") == {}
    assert limits("mqtt") == {}


def test_a_stand_in_is_no_service_of_aws() -> None:
    assert gauges(with_service("postgres", None)) == ()


def test_an_alarm_knows_its_service_by_the_dimensions_of_its_metric() -> None:
    found = with_service("kafka", Managed(None, False, 7))
    text = files(watch.artifacts, found)["alarms.tf"]
    assert 'dimensions = {\n"Cluster Name" = aws_msk_cluster.it.cluster_name\n"Broker ID" = "1"\n}' in text


def test_without_such_services_there_is_no_alarm_for_them() -> None:
    assert "gauges" not in files(watch.artifacts, stack())["alarms.tf"]
