"""The table of instance types against the answers of EC2 that moto has, and the prices against the table."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import moto.ec2
import pytest

from hashistack.compile import prices
from hashistack.compile.instance_types import architecture, instance

TYPES = Path(moto.ec2.__file__).parent / "resources" / "instance_types.json.gz"
# The greatest machines of these have another clock than the rest of their family.
OTHER_CLOCK = {"c5.12xlarge", "c5.24xlarge", "c8g.48xlarge", "m8g.48xlarge", "r8g.48xlarge"}


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    with gzip.open(TYPES) as file:
        found: dict[str, Any] = json.load(file)
    return found


def test_every_type_that_is_known_is_as_ec2_says(answers: dict[str, Any]) -> None:
    known = {name: found for name in answers if (found := instance(name)) is not None}
    assert len(known) > 300
    for name, found in known.items():
        said = answers[name]
        assert (found.vcpus, found.memory) == (
            said["VCpuInfo"]["DefaultVCpus"],
            said["MemoryInfo"]["SizeInMiB"],
        )
        clock = round(1000 * said["ProcessorInfo"]["SustainedClockSpeedInGhz"])
        assert found.clock == clock or name in OTHER_CLOCK


def test_the_architecture_of_every_type_of_linux(answers: dict[str, Any]) -> None:
    for name, said in answers.items():
        if not name.startswith("mac"):
            arm = "arm64" in said["ProcessorInfo"]["SupportedArchitectures"]
            assert architecture(name) == ("arm64" if arm else "amd64"), name


@pytest.mark.parametrize(
    "name", ["m7g.huge", "m7g", "p5.48xlarge", "m7g.metal", "t4g.medium.x", "m7g.0xlarge"]
)
def test_others_are_not_known(name: str) -> None:
    assert instance(name) is None


def test_every_known_type_has_a_price(answers: dict[str, Any]) -> None:
    assert [name for name in answers if instance(name) and prices.hour(name) is None] == []


@pytest.mark.parametrize(
    ("name", "kind", "hour"),
    [
        ("t4g.small", "", 0.0168),
        ("m7g.medium", "", 0.0408),
        ("m7g.large", "", 0.0816),
        ("c7i.4xlarge", "", 0.714),
        ("db.t4g.small", "postgres", 0.032),
        ("db.t4g.medium", "mongodb", 0.076),
        ("cache.t4g.small", "redis", 0.026),
        ("kafka.t3.small", "kafka", 0.046),
    ],
)
def test_the_price_of_an_hour(name: str, kind: str, hour: float) -> None:
    assert prices.hour(name, kind) == pytest.approx(hour, rel=0.02)


@pytest.mark.parametrize("name", ["x9.large", "m7g.huge", "m7g.metal", "m7g.xxlarge"])
def test_an_unknown_price_is_none(name: str) -> None:
    assert prices.hour(name) is None


def test_regions() -> None:
    assert prices.factor("us-east-1") == 1
    assert prices.factor("eu-west-3") > 1
    assert prices.factor("xx-new-1") == 1.25
