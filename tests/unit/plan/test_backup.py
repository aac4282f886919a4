"""A backup that was changed, cut short or mixed up is told from a whole one."""

from __future__ import annotations

import pytest

from hashistack.plan.backup import (
    Manifest,
    cautions,
    faults,
    manifest_text,
    read_manifest,
    read_sums,
    release,
    sums_text,
)

MANIFEST = Manifest("shop", "factory", "2026-11-21T18:06:31Z", "1.22.7", "1.11.3", ("ingress", "shop"))
SUMS = {"consul.snap": "a" * 64, "nomad.snap": "b" * 64, "manifest.json": "c" * 64}


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert read_manifest(manifest_text(MANIFEST)) == MANIFEST


def test_the_folder_is_named_by_what_it_is_of_and_when() -> None:
    assert MANIFEST.folder == "shop-factory-2026-11-21T180631Z"


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "app": "shop"}'])
def test_something_else_is_no_manifest(text: str) -> None:
    with pytest.raises(ValueError):
        read_manifest(text)


def test_checksums_are_read_as_sha256sum_writes_them() -> None:
    assert read_sums(sums_text(SUMS)) == SUMS
    assert read_sums("d" * 64 + " *nomad.snap\nnonsense\n") == {"nomad.snap": "d" * 64}


def test_a_whole_backup_has_no_faults() -> None:
    assert faults(SUMS, dict(SUMS)) == ()


@pytest.mark.parametrize(
    ("told", "found", "said"),
    [
        (SUMS, {**SUMS, "nomad.snap": "0" * 64}, "nomad.snap is not what was written"),
        (SUMS, {**SUMS, "consul.snap": None}, "consul.snap is missing"),
        ({**SUMS, "manifest.json": "0" * 64}, SUMS, "manifest.json is not what was written"),
        ({"consul.snap": "a" * 64, "manifest.json": "c" * 64}, SUMS, "SHA256SUMS does not name nomad.snap"),
    ],
)
def test_each_fault_is_named(told: dict[str, str], found: dict[str, str | None], said: str) -> None:
    assert faults(told, found) == (said,)


def test_a_snapshot_of_a_newer_version_is_warned_of() -> None:
    assert cautions(MANIFEST, {"Consul": "1.22.7", "Nomad": "1.11.3"}) == ()
    (caution,) = cautions(MANIFEST, {"Consul": "1.22.7", "Nomad": "1.10.9"})
    assert "1.11.3" in caution.summary


def test_versions_are_compared_by_number() -> None:
    assert release("1.9.7") < release("1.11.3") < release("v2.0.5-rc1") == release("2.0.5+ent")
