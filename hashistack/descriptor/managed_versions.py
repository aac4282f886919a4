"""Which versions AWS runs, and how it writes them.

Sources, read in November 2026: docs.aws.amazon.com, "Amazon RDS for PostgreSQL versions", "Supported engines and
versions" of ElastiCache for Valkey, "Supported Apache Kafka versions" of MSK, "Engine versions" of DocumentDB.
"""

from __future__ import annotations

from hashistack.descriptor.schema_managed import INSTANCES

VERSIONS: dict[str, dict[str, str]] = {
    "postgres": {major: major for major in ("13", "14", "15", "16", "17", "18")},
    "redis": {"7.2": "7.2", "8.0": "8.0", "8.1": "8.1", "8.2": "8.2"},
    # Kafka 4 has no ZooKeeper, and MSK's brokers without it are bigger ones than kafka.t3.small.
    "kafka": {"3.7": "3.7.x", "3.8": "3.8.x", "3.9": "3.9.x", "4.0": "4.0.x.kraft", "4.1": "4.1.x.kraft"},
    "mongodb": {"4.0": "4.0.0", "5.0": "5.0.0"},
}
DEFAULTS: dict[str, str] = {"postgres": "17", "redis": "8.0", "kafka": "3.9", "mongodb": "5.0"}
# Of PostgreSQL a major version is enough, and RDS picks the minor one; elsewhere it is the newest that is known.
_SHORT: dict[str, dict[str, str]] = {
    "redis": {"7": "7.2", "8": "8.2"},
    "kafka": {"3": "3.9", "4": "4.1"},
    "mongodb": {"4": "4.0", "5": "5.0"},
}

SMALL_BROKERS = "kafka.t3.small"
"""MSK's smallest brokers, which do not run Kafka without ZooKeeper."""
_BROKERS = "kafka.m7g.large"


def needs_more(kind: str, version: str) -> bool:
    """Tell whether a version is one that the smallest machines do not run."""
    return kind == "kafka" and version.partition(".")[0] == "4"


def machine(kind: str, version: str) -> str | None:
    """Return the machines of a managed service where none are given: small ones, None if it has none."""
    return _BROKERS if needs_more(kind, version) else INSTANCES.get(kind)


def known(kind: str, version: str) -> bool:
    """Tell whether AWS runs a version of a type of service; where there are no versions it does."""
    return kind not in VERSIONS or series(kind, version) in VERSIONS[kind]


def choices(kind: str) -> tuple[str, ...]:
    """Return the versions that can be named for a type of service, oldest first; none if it has no versions."""
    return tuple(VERSIONS.get(kind, ()))


def series(kind: str, version: str) -> str:
    """Return the version as the table has it: the major one of PostgreSQL, major and minor of the others."""
    if kind == "postgres":
        return version.partition(".")[0]
    return ".".join(_SHORT[kind].get(version, version).split(".")[:2])
