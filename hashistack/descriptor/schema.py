"""The one schema of the descriptor: every key with its type, default, unit, one sentence and an example.

From it come the checker, the JSON Schema for editors, the reference page and `hashistack docs KEY`.
"""

from __future__ import annotations

from hashistack.descriptor import names
from hashistack.descriptor.schema_services import BACKING_SERVICE
from hashistack.descriptor.schema_targets import TARGET_KEYS
from hashistack.descriptor.types import (
    Boolean,
    Duration,
    Integer,
    Key,
    ListOf,
    MapOf,
    Record,
    Size,
    Text,
    partial,
)

COMMAND = Text("a command", r"^\s*\S[\s\S]*$")
# Printable ASCII without a colon (RFC 7617), `${` and `%{`, which Nomad would fill in.
LOGIN = Text("a user name without blanks, colons, ${ and %{", r"^([!-#&-9;-~]|[$%](?!\{))+$", limit=255)
PORT = Integer(1, 65535)

HEALTH = Record(
    "health",
    {
        "path": Key(
            Text("a path such as /health", form="path"),
            "The path that answers 200 when the process is well.",
            required=True,
            example="/health",
        ),
        "interval": Key(Duration(), "The pause between two checks.", 10, unit="seconds", example="10s"),
        "timeout": Key(Duration(), "How long one check may take.", 3, unit="seconds", example="3s"),
        "grace": Key(
            Duration(), "The time a new instance has to become healthy.", 60, unit="seconds", example="60s"
        ),
    },
    short=("path",),
)

LAG = Record(
    "lag",
    {
        "service": Key(names.NAME, "The backing service of type kafka.", required=True, example="events"),
        "topic": Key(
            names.TOPIC, "The topic, declared in the service's `topics`.", required=True, example="orders"
        ),
        "group": Key(
            Text("the name of a consumer group"),
            "The consumer group of the process.",
            required=True,
            example="billing",
        ),
        "target": Key(
            Integer(1, 1_000_000_000),
            "The waiting messages that one instance can have.",
            required=True,
            unit="messages",
            example="100",
        ),
    },
)

SCALE = Record(
    "scale",
    {
        "min": Key(
            Integer(0, 1000),
            "The least number of instances; 0 switches the process off.",
            1,
            example="2",
            also=("replicas", "count", "instances"),
        ),
        "max": Key(
            Integer(0, 1000),
            "The greatest number of instances.",
            default_says="the same as `min`",
            example="10",
        ),
        "cpu": Key(
            Integer(1, 100),
            "Add instances when they use more than this share of their `cpu` on average.",
            unit="percent",
            example="70",
        ),
        "requests": Key(
            Integer(1, 1_000_000),
            "Add instances when each gets more requests than this; needs routes.",
            unit="requests per second and instance",
            example="200",
        ),
        "lag": Key(
            LAG,
            "Add instances while messages wait in Kafka.",
            example="{service: events, topic: orders, group: billing, target: 100}",
        ),
    },
    short=("min", "max"),
)

PROCESS = Record(
    "process",
    {
        "command": Key(
            COMMAND,
            "What to run, through the image's shell; `$PORT` is the port.",
            required=True,
            example="gunicorn shop.wsgi",
            also=("cmd", "run", "entrypoint", "start"),
        ),
        "port": Key(
            PORT,
            "The port that the process listens on inside its container.",
            example="8000",
            also=("ports", "expose", "container_port"),
        ),
        "health": Key(
            HEALTH,
            "The check an instance must pass to get requests; without it a port is checked by connecting.",
            example="/health",
            also=("healthcheck", "health_check", "check"),
        ),
        "routes": Key(
            ListOf(Text("a route", form="route"), 1),
            "The requests that come here: host, host/path, or /path on the environment's domain.",
            example="[shop.example.com, shop.example.com/api]",
            also=("hosts", "domains", "paths", "ingress", "route"),
        ),
        "internal": Key(
            Boolean(),
            "Whether the routes can be reached from inside the network only.",
            False,
            example="true",
            also=("private",),
        ),
        "cpu": Key(Integer(10, 1_000_000), "The share of a processor.", 200, unit="MHz", example="500"),
        "memory": Key(
            Size(10),
            "The memory; a process that uses more is restarted.",
            256,
            unit="MiB",
            example="512MiB",
            also=("mem", "ram"),
        ),
        "scale": Key(
            SCALE,
            "How many instances run.",
            default_says="one instance",
            example="{min: 2, max: 10, cpu: 70}",
            also=("replicas", "count", "instances", "scaling"),
        ),
        "schedule": Key(
            Text("a cron expression", form="schedule"),
            "When to run, as five cron fields or a macro such as @daily; runs never overlap.",
            example='"0 3 * * *"',
            also=("cron", "every", "periodic"),
        ),
        "timezone": Key(
            Text("a time zone", form="timezone"),
            "The time zone of `schedule`.",
            "UTC",
            example="Europe/Madrid",
            also=("time_zone", "tz"),
        ),
    },
)

REGISTRY = Record(
    "registry",
    {
        "username": Key(LOGIN, "The user of the image registry.", required=True, example="ci"),
        "password": Key(
            Text("the name of a secret", form="secret"),
            "The name of the secret that holds the password.",
            required=True,
            example="REGISTRY_PASSWORD",
        ),
    },
)

APP_KEYS: dict[str, Key] = {
    "image": Key(
        Text("an image", form="image"),
        "The container image of all processes; without a tag the version is given when deploying.",
        required=True,
        example="registry.example.com/shop",
    ),
    "registry": Key(
        REGISTRY,
        "The login of a private image registry.",
        default_says="no login",
        example="{username: ci, password: REGISTRY_PASSWORD}",
    ),
    "env": Key(
        MapOf(names.VARIABLE, Text("text", form="variable", scalars=True, empty=True)),
        "Variables of all processes; `${name.output}` is an output of a backing service, `$${` is `${`.",
        default_says="none",
        example="{LOG_LEVEL: info}",
        also=("environment", "environment_variables", "variables", "config", "vars"),
    ),
    "secrets": Key(
        ListOf(names.VARIABLE),
        "The names of the secret variables of all processes; their values live in the cluster.",
        default_says="none",
        example="[SESSION_KEY]",
        also=("secret",),
    ),
    "release": Key(
        COMMAND,
        "What to run once for each version, before any process changes.",
        default_says="nothing",
        example="python manage.py migrate",
        also=("migrate", "predeploy", "pre_deploy"),
    ),
    "processes": Key(
        MapOf(names.NAME, PROCESS, 1),
        "What the app runs, by name.",
        required=True,
        example="{web: {command: ./serve, port: 8000}}",
        also=("services", "process", "formation", "workers"),
    ),
    "backing_services": Key(
        MapOf(names.NAME, BACKING_SERVICE),
        "The databases, queues and stores that the app needs, by name.",
        default_says="none",
        example="{db: {type: postgres}}",
        also=("addons", "resources", "dependencies", "databases"),
    ),
}

APP = Record("app", APP_KEYS)
"""The app as every environment must have it once its overrides are applied."""

ENVIRONMENT = Record(
    "environment",
    {
        **TARGET_KEYS,
        **{
            name: Key(
                partial(key.type),
                f"Overrides `{name}` here: mappings merge key by key, lists and single values are replaced.",
                default_says="as at the top",
                example=key.example,
                also=key.also,
            )
            for name, key in APP_KEYS.items()
        },
    },
)

ROOT = Record(
    "descriptor",
    {
        "app": Key(
            names.NAME,
            "The name of the app, first part of all its names in the cluster.",
            required=True,
            example="shop",
            also=("name", "application", "project"),
        ),
        **APP_KEYS,
        "environments": Key(
            MapOf(names.NAME, ENVIRONMENT, 1),
            "Where the app runs, by name.",
            default_says="one environment named `local` with target local",
            example="{laptop: {target: local}}",
            also=("envs", "stages", "targets"),
        ),
    },
)
