"""Which files managed services become, and what in them follows from the descriptor."""

from __future__ import annotations

import re

import pytest

from hashistack import pipeline
from hashistack.compile.artifact import Artifact
from hashistack.compile.aws import services
from hashistack.model import BackingService, Stack
from hashistack.render import render

ALL = """\
  db: {type: postgres, version: 16, nodes: 3, storage: 50GiB}
  cache: {type: redis}
  events: {type: kafka, nodes: 3, topics: {orders: {partitions: 6}, audit: {partitions: 2}}}
  devices: {type: mqtt}
  uploads: {type: object-storage, buckets: [reports, uploads]}
  documents: {type: mongodb, nodes: 2}
"""


def stack(backing: str = ALL, managed: str = "", app: str = "shop", more: str = "") -> Stack:
    names = managed or "[" + ", ".join(re.findall(r"^  ([a-z-]+):", backing, re.MULTILINE)) + "]"
    text = f"""\
app: {app}
image: example.com/shop:1
processes:
  worker: {{command: ./work}}
backing_services:
{backing}
environments:
  production:
    target: aws
    region: eu-west-1
    managed: {names}
    {more}
"""
    return pipeline.load(text.encode(), "hashistack.yaml").stacks[0]


def service(line: str, managed: str = "") -> BackingService:
    return stack(f"  {line}\n", managed).backing_services[0]


def files(found: Stack) -> dict[str, str]:
    artifacts: tuple[Artifact, ...] = services.artifacts(found, "hashistack.yaml", "terraform")
    return {
        each.path.removeprefix("terraform/service-").removesuffix(".tf"): render(each).content.decode()
        for each in artifacts
    }


def setting(text: str, name: str) -> str:
    """Return the value of the one attribute of that name."""
    (value,) = re.findall(rf"^ *{re.escape(name)} *= (.*)$", text, re.MULTILINE)
    return str(value)


def test_there_is_a_file_for_each_service_and_the_outputs_name_it() -> None:
    found = stack()
    names = ["cache", "db", "devices", "documents", "events", "uploads"]
    assert sorted(files(found)) == names
    assert services.outputs(found) == tuple((name, f"local.service_{name}") for name in names)
    for name, text in files(found).items():
        assert f"  service_{name} = {{\n" in text


def test_a_service_that_a_stand_in_runs_has_no_file() -> None:
    found = stack(managed="[db]", more="clients: {max: 3}")
    assert list(files(found)) == ["db"]
    assert services.outputs(found) == (("db", "local.service_db"),)


@pytest.mark.parametrize(
    ("line", "password", "in_network", "snapshot"),
    [
        ("db: {type: postgres}", True, True, True),
        ("db: {type: mongodb}", True, True, True),
        ("db: {type: redis}", False, True, True),
        ("db: {type: kafka}", False, True, False),
        ("db: {type: object-storage}", False, False, False),
        ("db: {type: mqtt}", False, False, False),
    ],
)
def test_what_other_files_must_have_for_it(
    line: str, password: bool, in_network: bool, snapshot: bool
) -> None:
    found = stack(f"  {line}\n")
    assert services.passwords(found) == (("db",) if password else ())
    assert services.in_data_group(found) is in_network
    assert services.last_snapshots(found) is snapshot


def test_postgres_is_what_the_descriptor_says() -> None:
    text = files(stack(app="shop-app"))["db"]
    assert setting(text, "engine_version") == '"16"'
    assert setting(text, "family") == '"postgres16"'
    assert setting(text, "allocated_storage") == "50"
    assert setting(text, "multi_az") == "true"
    assert setting(text, "db_name") == '"shop_app"'
    assert setting(text, "password_wo_version") == 'var.password_versions["db"]'
    assert "checkov" not in text.replace("#checkov:skip=CKV_AWS_338", "")


def test_a_minor_version_of_the_descriptor_stays() -> None:
    text = files(stack("  db: {type: postgres, version: 16.4}\n"))["db"]
    assert setting(text, "auto_minor_version_upgrade") == "false"
    assert "#checkov:skip=CKV_AWS_226" in text
    assert setting(files(stack())["db"], "auto_minor_version_upgrade") == "true"


def test_a_choice_that_checkov_dislikes_is_skipped_only_where_it_was_made() -> None:
    text = files(stack("  db: {type: postgres}\n", "{db: {zones: false, backups: 0}}"))["db"]
    assert setting(text, "multi_az") == "false"
    assert setting(text, "backup_retention_period") == "0"
    assert "#checkov:skip=CKV_AWS_157" in text
    assert "#checkov:skip=CKV_AWS_133" in text


def test_a_cache_of_one_node_has_nothing_to_fail_over_to() -> None:
    small = files(stack("  cache: {type: redis}\n", "{cache: {zones: false}}"))["cache"]
    assert (setting(small, "num_cache_clusters"), setting(small, "automatic_failover_enabled")) == (
        "1",
        "false",
    )
    large = files(stack("  cache: {type: redis}\n", "{cache: {zones: true}}"))["cache"]
    assert (setting(large, "num_cache_clusters"), setting(large, "multi_az_enabled")) == ("2", "true")


def test_kafka_has_as_many_brokers_in_each_zone() -> None:
    text = files(stack())["events"]
    assert setting(text, "number_of_broker_nodes") == "4"
    assert "default.replication.factor=3\nmin.insync.replicas=2\nnum.partitions=6\n" in text
    three = files(
        stack("  events: {type: kafka, nodes: 3}\n", more="zones: [eu-west-1a, eu-west-1b, eu-west-1c]")
    )
    assert setting(three["events"], "number_of_broker_nodes") == "3"
    one = files(stack("  events: {type: kafka}\n"))["events"]
    assert "default.replication.factor=2\nmin.insync.replicas=1\nnum.partitions=1\n" in one


def test_buckets_carry_the_account_in_their_names() -> None:
    text = files(stack())["uploads"]
    account = "${data.aws_caller_identity.current.account_id}"
    assert f'  bucket = "${{local.prefix}}-{account}-uploads"\n' in text
    assert f'  bucket = "${{local.prefix}}-{account}-uploads-reports"\n' in text
    assert (
        "bucket = aws_s3_bucket.service_uploads_reports.id\n    }" in text
    )  # the first one of the descriptor


def test_a_bucket_is_not_emptied_while_deletion_is_protected_against() -> None:
    assert "force_destroy = !var.deletion_protection" in files(stack())["uploads"]


def test_no_secret_is_an_argument() -> None:
    for text in files(stack()).values():
        assert not re.search(r"^ *(password|master_password|auth_token|secret\w*) *=", text, re.MULTILINE)
        assert "manage_master_user_password" not in text


def test_what_aws_iot_fills_in_is_text_for_terraform() -> None:
    text = files(stack())["devices"]
    assert '"${local.iot_devices}:client/$${iot:Connection.Thing.ThingName}"' in text


def test_hyphens_stay_and_long_names_are_cut() -> None:
    name = "a-cache-with-a-name-as-long-as-it-may-be"
    text = files(stack(f"  {name}: {{type: redis}}\n"))[name]
    assert f'resource "aws_elasticache_replication_group" "{name}"' in text
    group = setting(text, "replication_group_id").strip('"').replace("${local.prefix}", "x" * 22)
    assert len(group) <= 40
    assert re.fullmatch("x{22}-a-cache-with(-[a-z0-9]+)*", group)
