"""The keys of a backing service that AWS runs, and what each type of service can choose of it."""

from __future__ import annotations

from hashistack.descriptor import names
from hashistack.descriptor.types import Boolean, Integer, Key, Record

INSTANCES: dict[str, str] = {
    "postgres": "db.t4g.small",
    "redis": "cache.t4g.small",
    "kafka": "kafka.t3.small",
    "mongodb": "db.t4g.medium",
}
"""The machines of a managed service where none are given, by type of service; the others have none."""

MANAGED_KEYS: dict[str, tuple[str, ...]] = {
    "postgres": ("instance", "zones", "backups"),
    "redis": ("instance", "zones", "backups"),
    "kafka": ("instance",),
    "mqtt": (),
    "object-storage": (),
    "mongodb": ("instance", "zones", "backups"),
}
"""What can be chosen of a managed service, by type of service."""

MANAGED = Record(
    "managed service",
    {
        "instance": Key(
            names.MANAGED_MACHINE,
            "The type of its machines.",
            default_says="a small one",
            example="db.t4g.small",
            also=("type", "class", "size"),
        ),
        "zones": Key(
            Boolean(),
            "Whether a second zone takes over when one fails.",
            default_says="whether the service has more than one node",
            example="true",
            also=("multi_az",),
        ),
        "backups": Key(
            Integer(0, 35), "How long daily backups are kept; 0 makes none.", 7, unit="days", example="7"
        ),
    },
)
