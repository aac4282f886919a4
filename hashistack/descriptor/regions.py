"""What AWS regions have: zones, as far as a descriptor without `zones` needs to know them, and services."""

from __future__ import annotations

# Most regions have zones a, b and c. These have none named b, or not for every account; as of November 2026,
# docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html.
_OTHERS = {"ap-northeast-1": "ac", "us-west-1": "ac"}


LACKING: dict[str, frozenset[str]] = {
    "mongodb": frozenset({"us-west-1"}),
    "mqtt": frozenset(
        {
            "af-south-1",
            "ap-east-2",
            "ap-northeast-3",
            "ap-south-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ca-west-1",
            "eu-central-2",
            "mx-central-1",
        }
    ),
}
"""Regions that surely lack what a managed service of a type needs: DocumentDB, and AWS IoT Core by botocore 1.43."""


def zones(region: str) -> tuple[str, ...]:
    """Return the two zones of `region` that are taken where none are given."""
    return tuple(f"{region}{letter}" for letter in _OTHERS.get(region, "ab"))
