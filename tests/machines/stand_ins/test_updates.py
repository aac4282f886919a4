"""Every cluster is updated at the same moment, member by member, under clients that count what was acknowledged."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from tests.machines.stand_ins import test_kafka, test_mqtt, test_postgres, test_redis
from tests.machines.stand_ins.site import SERVICES, StandIns
from tests.machines.times import record, step

pytestmark = pytest.mark.slow
UPDATED = ("cache", "db", "devices", "events", "telemetry", "uploads")


def test_an_update_of_all_of_them_loses_nothing(site: StandIns) -> None:
    before = {instance.id for service in UPDATED for instance in site.instances(service)}
    with ExitStack() as loads:
        loads.enter_context(test_kafka.under_load(site, "updated"))
        loads.enter_context(test_mqtt.under_load(site, "devices"))
        loads.enter_context(test_mqtt.under_load(site, "telemetry"))
        loads.enter_context(test_redis.under_load(site))
        writes = loads.enter_context(test_postgres.load(site))
        began = time.monotonic()
        with step("an update of every member of six clusters, one after another in each"):
            site.update(UPDATED)
    record("db: longest pause of writes in an update", writes.gap(began))
    after = {instance.id for service in UPDATED for instance in site.instances(service)}
    assert len(after) == sum(SERVICES[service]["nodes"] for service in UPDATED)
    assert not before & after


def test_up_has_nothing_to_do_after_it(site: StandIns) -> None:
    """Jobs that were run with Nomad's own command are what `up` would have run."""
    said = site.up()
    assert all(f"shop-{service} unchanged" in said for service in UPDATED), said
