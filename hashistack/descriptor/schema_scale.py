"""The keys of a cloud's machines: servers, clients, and what clients are added and removed by."""

from __future__ import annotations

from hashistack.descriptor import names
from hashistack.descriptor.types import Integer, Key, ListOf, MapOf, Record, Share, Size

CPU = 60
"""The percentage of CPU that clients are kept at where nothing else is said."""

QUEUE = Record(
    "queue",
    {
        "namespace": Key(names.METRIC, "The namespace of the metric.", required=True, example="AWS/SQS"),
        "metric": Key(
            names.METRIC,
            "The CloudWatch metric that counts what waits.",
            required=True,
            example="ApproximateNumberOfMessagesVisible",
        ),
        "dimensions": Key(
            MapOf(names.METRIC, names.METRIC),
            "Its dimensions by name.",
            default_says="none",
            example="{QueueName: orders}",
        ),
        "target": Key(
            Integer(1, 1_000_000_000),
            "How much of it one machine can have.",
            required=True,
            example="100",
        ),
    },
)

SCALE = Record(
    "machine scale",
    {
        "cpu": Key(
            Integer(1, 100),
            "Add machines when they use more than this share of their CPU on average.",
            default_says=f"{CPU}, where nothing else is given",
            unit="percent",
            example="60",
        ),
        "memory": Key(
            Integer(1, 100),
            "Add machines when they use more than this share of their memory on average.",
            unit="percent",
            example="80",
        ),
        "requests": Key(
            Integer(1, 1_000_000),
            "Add machines when each gets more requests than this; needs routes.",
            unit="requests per second and machine",
            example="500",
        ),
        "queue": Key(
            QUEUE,
            "Add machines while something waits that CloudWatch has a metric of.",
            example="{namespace: AWS/SQS, metric: ApproximateNumberOfMessagesVisible, "
            "dimensions: {QueueName: orders}, target: 100}",
        ),
    },
)

SERVERS = Record(
    "servers",
    {
        "count": Key(Integer(1, 7), "The number of Consul and Nomad servers: 1, 3 or 5.", 3, example="3"),
        "type": Key(names.MACHINE, "Their instance type.", "t4g.small", example="t4g.small"),
    },
    short=("count",),
)

CLIENTS = Record(
    "clients",
    {
        "min": Key(Integer(1, 1000), "The least number of machines.", 2, example="2"),
        "max": Key(
            Integer(1, 1000),
            "The greatest number of machines.",
            default_says="the same as `min`",
            example="10",
        ),
        "types": Key(
            ListOf(names.MACHINE, 1),
            "The instance types to choose from, the first preferred.",
            ("m7g.large",),
            example="[m7g.large]",
            also=("type",),
        ),
        "spot": Key(
            Share(),
            "How many of them are spot instances, which are cheaper and can be taken away.",
            0,
            example="true",
        ),
        "on_demand": Key(
            Integer(0, 1000),
            "How many machines are never spot instances.",
            default_says="1 where `spot` is given, else 0",
            example="2",
        ),
        "disk": Key(
            Size(1, 16 * 1024 * 1024),
            "The disk of each machine.",
            40 * 1024,
            unit="MiB",
            example="40GiB",
            also=("storage", "volume"),
        ),
        "scale": Key(
            SCALE,
            "What machines are added and removed by, between `min` and `max`.",
            default_says=f"{CPU} percent of their CPU",
            example="{cpu: 60, memory: 80}",
        ),
    },
    short=("min", "max"),
)
