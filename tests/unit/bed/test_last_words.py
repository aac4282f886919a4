"""A failed test tells what its machines complained of."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.bed import last_words
from tests.bed.factory import Factory
from tests.bed.lan import Lan

SAID = {
    "kafka.stdout.0": "[2026-11-23 05:43:04,1] INFO all is well\n[2026-11-23 05:43:05,2] WARN a broker is gone\n",
    "valkey.stdout.0": "1:M 23 Nov 2026 05:43:04.1 * Ready to accept connections\n",
    "traefik.stderr.0": "\x1b[90m2026-11-23T05:43:04Z\x1b[0m \x1b[31mERR\x1b[0m no route\n",
}


@pytest.fixture
def bed(tmp_path: Path) -> Factory:
    """Return a bed of one machine that is off, with the logs of an allocation on its disk."""
    logs = tmp_path / "hosts/h1/disk/opt/nomad/alloc/0a1b2c3d-rest/alloc/logs"
    logs.mkdir(parents=True)
    for name, text in SAID.items():
        (logs / name).write_text(text)
    return Factory(tmp_path, Lan(199))


def test_each_log_that_complains_is_told_with_its_last_complaints(bed: Factory) -> None:
    assert list(last_words.sections(bed)) == [
        ("h1: kafka.stdout.0 of 0a1b2c3d", "[2026-11-23 05:43:05,2] WARN a broker is gone"),
        ("h1: traefik.stderr.0 of 0a1b2c3d", "2026-11-23T05:43:04Z ERR no route"),
    ]


def test_what_was_said_long_ago_is_not_told(bed: Factory) -> None:
    hour_ago = time.time() - 3600
    for log in bed.folder.rglob("*.std*"):
        os.utime(log, (hour_ago, hour_ago))
    assert list(last_words.sections(bed)) == []


def test_long_logs_are_cut(bed: Factory) -> None:
    log = next(bed.folder.rglob("kafka.stdout.0"))
    log.write_text("".join(f"WARN {'x' * number} {'y' * 300}\n" for number in range(1, 200)))
    lines = dict(last_words.sections(bed))["h1: kafka.stdout.0 of 0a1b2c3d"].splitlines()
    assert [line.count("x") for line in lines] == [195, 196, 197, 198, 199]
    assert max(map(len, lines)) == 240


def test_what_is_said_again_and_again_is_told_once(bed: Factory) -> None:
    log = next(bed.folder.rglob("kafka.stdout.0"))
    log.write_text(
        "07:21:31 WARN no room\n07:21:41 WARN check=1b critical\n07:21:51 WARN check=3c critical\n"
    )
    told = dict(last_words.sections(bed))["h1: kafka.stdout.0 of 0a1b2c3d"]
    assert told == "07:21:31 WARN no room\n07:21:51 WARN check=3c critical"
