"""The keys of a backing service, and what each type of service can be and give."""

from __future__ import annotations

from hashistack.descriptor import names
from hashistack.descriptor.types import (
    Boolean,
    Choice,
    Duration,
    Integer,
    Key,
    ListOf,
    MapOf,
    Record,
    Size,
    Text,
)

_SERVER = ("url", "host", "port", "user", "password", "ca")

OUTPUTS: dict[str, tuple[str, ...]] = {
    "postgres": _SERVER,
    "redis": _SERVER,
    "kafka": ("bootstrap_servers", "security_protocol", "sasl_mechanism", "user", "password", "ca"),
    "mqtt": _SERVER,
    "object-storage": ("endpoint", "region", "access_key", "secret_key", "bucket", "ca"),
    "mongodb": _SERVER,
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
        "replicas": Key(
            Integer(1, 5),
            "On how many nodes each record is; at most as many as the service has.",
            default_says="3, or the number of nodes if that is less",
            example="3",
            also=("replication", "replication_factor"),
        ),
        "retention": Key(
            Duration(3650 * 24 * 3600),
            "How long records are kept.",
            default_says="7 days, Kafka's own",
            unit="seconds",
            example="30d",
            also=("retention_ms", "ttl"),
        ),
        "compact": Key(
            Boolean(),
            "Whether the last record of each key is kept for ever.",
            False,
            example="true",
            also=("compaction", "cleanup_policy"),
        ),
    },
    short=("partitions",),
)

ARCHIVE = Record(
    "archive",
    {
        "topic": Key(names.TOPIC, "The topic, one of `topics`.", required=True, example="orders"),
        "to": Key(
            names.NAME,
            "The backing service of type object-storage; its first bucket gets the records.",
            required=True,
            example="uploads",
        ),
        "every": Key(
            Duration(),
            "How long a batch is collected.",
            300,
            unit="seconds",
            example="5m",
            also=("interval",),
        ),
        "image": Key(
            Text("an image", form="fixed image"),
            "An image that has Python with confluent-kafka and boto3, so that nothing is fetched when the job starts.",
            default_says="a plain Python, into which they are installed from PyPI when the job starts",
            example="registry.example.com/archive:1",
        ),
    },
)

BACKUP = Record(
    "backup",
    {
        "to": Key(
            names.NAME,
            "The backing service of type object-storage; its first bucket gets the backups.",
            required=True,
            example="uploads",
        ),
        "schedule": Key(
            Text("a cron expression", form="schedule"),
            "When, as five cron fields or a macro such as @daily; the time is UTC.",
            "0 3 * * *",
            example='"0 3 * * *"',
            also=("cron", "every"),
        ),
        "keep": Key(Integer(1, 10_000), "How many backups are kept.", 7, example="7"),
    },
    short=("to",),
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
            # It becomes the tag of an image, which has no more characters (forms.py).
            Text("a version", r"^[A-Za-z0-9][A-Za-z0-9._-]*$", scalars=True, limit=128, example="16"),
            "The version to run.",
            default_says="the version that this release of hashistack was tested with",
            example="16",
        ),
        "nodes": Key(
            Integer(0, 5),
            "The number of nodes: 1 or 3; kafka also 5; mongodb 1 or 2; 0 leaves it and variables that name it out.",
            1,
            example="3",
            also=("replicas", "count", "size"),
        ),
        "storage": Key(
            Size(1), "The disk of each node.", 10 * 1024, unit="MiB", example="20GiB", also=("disk", "volume")
        ),
        "memory": Key(
            Size(10),
            "The memory of each node.",
            default_says="what the engine needs",
            unit="MiB",
            example="2GiB",
            also=("mem", "ram"),
        ),
        "cpu": Key(
            Integer(10, 1_000_000),
            "The share of a processor that each node gets.",
            default_says="what the engine needs",
            unit="MHz",
            example="1000",
        ),
        "image": Key(
            Text("an image", form="fixed image"),
            "The container image of the engine, in place of the one that hashistack was tested with.",
            default_says="the engine's own, by its digest",
            example="registry.example.com/valkey:8.1.1",
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
        "database": Key(
            names.NAME,
            "The postgres service that keeps its data; only for types mongodb and object-storage.",
            default_says="the only postgres service; none for object-storage with one node",
            example="db",
        ),
        "archive": Key(
            ARCHIVE,
            "Writes a topic to an object storage in batches; only for type kafka.",
            default_says="none",
            example="{topic: orders, to: uploads, every: 5m}",
            also=("firehose", "sink"),
        ),
        "backup": Key(
            BACKUP,
            "Writes backups to an object storage; only for type postgres.",
            default_says="none",
            example="uploads",
            also=("backups",),
        ),
    },
    short=("type",),
)
