"""Names, versions and sizes of managed services."""

from __future__ import annotations

import pytest

from hashistack.compile.aws.services import sizes, versions
from hashistack.compile.aws.services.database import database
from hashistack.compile.aws.services.named import fitted
from hashistack.descriptor import managed_versions
from tests.unit.compile.aws.services.test_services import service


@pytest.mark.parametrize(
    ("line", "as_aws_writes_it"),
    [
        ("db: {type: postgres}", "17"),
        ("db: {type: postgres, version: 16}", "16"),
        ("db: {type: postgres, version: 16.4}", "16.4"),
        ("db: {type: redis}", "8.0"),
        ("db: {type: redis, version: 7}", "7.2"),
        ("db: {type: redis, version: 8.1.1}", "8.1"),
        ("db: {type: kafka}", "3.9.x"),
        ("db: {type: kafka, version: 4.0.0}", "4.0.x.kraft"),
        ("db: {type: mongodb}", "5.0.0"),
        ("db: {type: mongodb, version: 5}", "5.0.0"),
    ],
)
def test_a_version_that_aws_has(line: str, as_aws_writes_it: str) -> None:
    found = service(line)
    assert found.version is None or managed_versions.known(found.type, found.version)
    assert versions.engine_version(found) == as_aws_writes_it


@pytest.mark.parametrize(
    ("kind", "version"), [("postgres", "9"), ("redis", "6"), ("kafka", "2.8"), ("mongodb", "7")]
)
def test_a_version_that_aws_has_not(kind: str, version: str) -> None:
    assert not managed_versions.known(kind, version)
    assert version not in managed_versions.choices(kind)


def test_what_has_no_versions_takes_any() -> None:
    assert managed_versions.known("object-storage", "4.09")
    assert managed_versions.choices("mqtt") == ()


@pytest.mark.parametrize(
    ("line", "gigabytes"),
    [
        ("db: {type: postgres, storage: 10GiB}", 20),  # gp3 of RDS begins there
        ("db: {type: postgres, storage: 20481}", 21),
        ("db: {type: kafka, storage: 10GiB}", 10),
    ],
)
def test_disks_are_whole_gigabytes(line: str, gigabytes: int) -> None:
    assert sizes.gigabytes(service(line)) == gigabytes


@pytest.mark.parametrize(
    ("line", "zones", "count"),
    [
        ("db: {type: postgres, nodes: 3}", "true", 2),  # RDS has one standby
        ("db: {type: postgres}", "false", 1),
        ("db: {type: redis, nodes: 3}", "true", 3),
        ("db: {type: redis}", "true", 2),
        ("db: {type: mongodb}", "false", 1),
    ],
)
def test_machines_follow_from_nodes_and_zones(line: str, zones: str, count: int) -> None:
    assert sizes.instances(service(line, f"{{db: {{zones: {zones}}}}}")) == count


@pytest.mark.parametrize(
    ("app", "name"),
    [("shop", "shop"), ("my-shop", "my_shop"), ("order", "order_app"), ("postgres", "postgres_app")],
)
def test_a_database_is_called_after_the_app(app: str, name: str) -> None:
    assert database(app) == name


def test_a_name_that_fits_stays_and_others_remain_apart() -> None:
    assert fitted("cache", 17) == "cache"
    assert "--" not in fitted("a--b", 17)
    cut = {fitted("a-very-long-name-for-one", 17), fitted("a-very-long-name-for-two", 17)}
    assert len(cut) == 2
    assert {len(name) for name in cut} <= {16, 17}
