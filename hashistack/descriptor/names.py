"""The forms of names, as text types of the schema."""

from __future__ import annotations

from hashistack.descriptor.types import Text

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

# A DNS label that begins with a letter, because it becomes part of job, Consul and directory names and of Go
# template variables. Forty characters leave room for the app's name and a role in the 63 of RFC 1035.
NAME = Text(
    "a name of lower-case letters, digits and hyphens that begins with a letter",
    r"^[a-z]([a-z0-9-]*[a-z0-9])?$",
    limit=40,
    example="web",
)
HOST_NAME = Text("a name of lower-case letters, digits and hyphens", rf"^{_LABEL}$", example="n1")
VARIABLE = Text(
    "a name of letters, digits and underscores that begins with no digit",
    r"^[A-Za-z_][A-Za-z0-9_]*$",
    limit=128,
    example="LOG_LEVEL",
)
# Kafka's own rule, org.apache.kafka.common.internals.Topic.
TOPIC = Text(
    "a topic name of letters, digits, dots, underscores and hyphens",
    r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$",
    limit=249,
    example="orders",
)
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, without dots, which TLS cannot do.
BUCKET = Text(
    "a bucket name of 3 to 63 lower-case letters, digits and hyphens",
    r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
    example="uploads",
)
DOMAIN = Text("a domain in lower case", rf"^{_LABEL}(\.{_LABEL})*$", limit=253, example="shop.example.com")
ADDRESS = Text(
    "an IP address or a host name",
    r"^[A-Za-z0-9:]([A-Za-z0-9.:-]*[A-Za-z0-9:])?$",
    limit=253,
    example="10.0.0.11",
)
USER = Text("a login name", r"^[a-z_][a-z0-9_-]*$", limit=32, example="admin")
REGION = Text("an AWS region", r"^[a-z]+(-[a-z]+)+-[0-9]$", limit=30, example="eu-west-1")
ZONE = Text("an AWS zone", r"^[a-z]+(-[a-z0-9]+)+[a-z]$", limit=40, example="eu-west-1a")
MACHINE = Text("an EC2 instance type", r"^[a-z0-9-]+\.[a-z0-9-]+$", example="t4g.small")
