"""The keys of a backing service, and what each type of service can be and give."""

from __future__ import annotations

from hashistack.descriptor import names
from hashistack.descriptor.types import Choice, Integer, Key, ListOf, MapOf, Record, Size, Text

OUTPUTS: dict[str, tuple[str, ...]] = {
    "postgres": ("url", "host", "port", "user", "password"),
    "redis": ("url", "host", "port", "user", "password"),
    "kafka": ("bootstrap_servers", "security_protocol"),
    "mqtt": ("url", "host", "port"),
    "object-storage": ("endpoint", "region", "access_key", "secret_key", "bucket"),
    "mongodb": ("url", "host", "port", "user", "password"),
}
"""What a reference `${name.output}` can name, by type of service."""

ENGINES: dict[str, tuple[str, ...]] = {
    "postgres": ("postgres",),
    "redis": ("valkey",),
    "kafka": ("kafka",),
    "mqtt": ("emqx", "rabbitmq", "nats"),
    "object-storage": ("seaweedfs",),
    "mongodb": ("ferretdb",),
}
"""What runs in the cluster for a type of service; the first is the default."""

NODES: dict[str, tuple[int, ...]] = {
    "postgres": (1, 3),
    "redis": (1, 3),
    "kafka": (1, 3, 5),
    "mqtt": (1, 3),
    "object-storage": (1, 3),
    "mongodb": (1, 2),
}
"""The numbers of nodes that form a cluster, by type of service."""

TOPIC = Record(
    "topic",
    {
        "partitions": Key(Integer(1, 10_000), "The number of partitions.", 1, example="6"),
    },
    short=("partitions",),
)

BACKING_SERVICE = Record(
    "backing service",
    {
        "type": Key(
            Choice(tuple(OUTPUTS)),
            "What it is; the outputs that a reference can name follow from it.",
            required=True,
            example="postgres",
            also=("kind", "engine"),
        ),
        "engine": Key(
            Choice(ENGINES["mqtt"]),
            "The MQTT broker to run; only for type mqtt.",
            default_says="emqx",
            example="rabbitmq",
        ),
        "version": Key(
            Text("a version", r"^[A-Za-z0-9][A-Za-z0-9._-]*$", scalars=True, example="16"),
            "The version to run.",
            default_says="the version that this release of hashistack was tested with",
            example="16",
        ),
        "nodes": Key(
            Integer(1, 5),
            "The number of nodes: 1 or 3; kafka also 5; mongodb 1 or 2.",
            1,
            example="3",
            also=("replicas", "count", "size"),
        ),
        "storage": Key(
            Size(1), "The disk of each node.", 10 * 1024, unit="MiB", example="20GiB", also=("disk", "volume")
        ),
        "topics": Key(
            MapOf(names.TOPIC, TOPIC),
            "The topics to make; only for type kafka.",
            default_says="none",
            example="{orders: {partitions: 6}}",
        ),
        "buckets": Key(
            ListOf(names.BUCKET),
            "The buckets to make; only for type object-storage.",
            default_says="one bucket with the name of the service",
            example="[uploads]",
            also=("bucket",),
        ),
        "public": Key(
            ListOf(Integer(1, 65535)),
            "The TCP ports at which it is reached from outside; only for type mqtt.",
            default_says="none, only the app reaches it",
            example="[8883]",
        ),
    },
    short=("type",),
)
