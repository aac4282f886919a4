"""The keys of an environment on AWS: machines, network, names, managed services, who may enter and who is told."""

from __future__ import annotations

from hashistack.descriptor import names
from hashistack.descriptor.schema_managed import MANAGED
from hashistack.descriptor.schema_scale import CLIENTS, SERVERS
from hashistack.descriptor.types import Boolean, Choice, Integer, Key, ListOf, MapOf, Record

_AWS = ("aws",)
_WEIGHT = Integer(0, 255)
_DAYS = 30

NETWORK = Record(
    "network",
    {
        "cidr": Key(
            names.CIDR,
            "The addresses of the network, a private range.",
            "10.20.0.0/16",
            example="10.20.0.0/16",
        ),
        "nat": Key(
            Choice(("one", "zone")),
            "How many NAT gateways there are: one, or one in each zone, so that a zone can fail.",
            "zone",
            example="one",
        ),
        "endpoints": Key(
            ListOf(names.ENDPOINT),
            "The AWS services that are reached without the internet; s3 always is, and costs nothing.",
            ("s3",),
            example="[s3, ecr.api, ecr.dkr, ssm]",
        ),
        "flow_logs": Key(
            Integer(0, 3653),
            "How long records of all connections are kept; 0 keeps none.",
            _DAYS,
            unit="days",
            example="30",
        ),
    },
)

OTHER = Record(
    "other platform",
    {
        "target": Key(
            names.DOMAIN,
            "Its host name, or its IPv4 address.",
            required=True,
            example="shop-old.example.net",
            also=("host", "cname"),
        ),
        "weight": Key(_WEIGHT, "Its share of the traffic.", required=True, example="90"),
    },
)

DNS = Record(
    "dns",
    {
        "zone": Key(
            names.DOMAIN,
            "The hosted zone of Route 53 that the domain is in.",
            default_says="the same as `domain`",
            example="example.com",
        ),
        "create": Key(Boolean(), "Whether to make the hosted zone.", False, example="true"),
        "weight": Key(
            _WEIGHT,
            "The share of the traffic that comes here, where others have the same names.",
            default_says="all of it",
            example="10",
        ),
        "others": Key(
            MapOf(names.NAME, OTHER),
            "Older platforms that share the traffic, by name; needs `weight`.",
            default_says="none",
            example="{heroku: {target: shop-old.example.net, weight: 90}}",
        ),
    },
    short=("zone",),
)

STATE = Record(
    "state",
    {
        "bucket": Key(
            names.BUCKET,
            "The S3 bucket; `hashistack init-state` makes it.",
            required=True,
            example="example-terraform",
        ),
        "region": Key(
            names.REGION,
            "The region of the bucket.",
            default_says="the same as the environment's",
            example="eu-west-1",
        ),
        "key": Key(
            names.STATE_KEY,
            "The name of the state in the bucket.",
            default_says="APP/ENVIRONMENT.tfstate",
            example="shop/production.tfstate",
        ),
    },
    short=("bucket",),
)

DEPLOY = Record(
    "deploy",
    {
        "github": Key(
            names.GITHUB,
            "The repository on GitHub.",
            required=True,
            example="example/shop",
            also=("repository",),
        ),
        "branch": Key(names.BRANCH, "The branch that is deployed.", "main", example="main"),
        "provider": Key(
            Boolean(),
            "Whether to make GitHub's identity provider, which an account has only once; false where it has one.",
            True,
            example="false",
        ),
    },
    short=("github",),
)

ALARMS = Record(
    "alarms",
    {
        "email": Key(
            ListOf(names.EMAIL, single=True),
            "Who is told; each address must confirm once.",
            default_says="nobody",
            example="[ops@example.com]",
            also=("emails", "mail", "notify"),
        ),
        "errors": Key(
            Integer(1, 100),
            "The share of answers 5xx that is too many.",
            1,
            unit="percent",
            example="1",
        ),
        "latency": Key(
            Integer(1, 60_000),
            "The time within which 99 of 100 requests must be answered.",
            2000,
            unit="milliseconds",
            example="2000",
        ),
    },
    short=("email",),
)

AWS_KEYS: dict[str, Key] = {
    "region": Key(
        names.REGION,
        "The AWS region.",
        default_says="none, it must be given",
        example="eu-west-1",
        targets=_AWS,
    ),
    "zones": Key(
        ListOf(names.ZONE, 1),
        "The zones of the region to spread over, two or three.",
        default_says="the first two of the region",
        example="[eu-west-1a, eu-west-1b]",
        targets=_AWS,
        also=("availability_zones", "azs"),
    ),
    "account": Key(
        names.ACCOUNT,
        "The AWS account; other credentials are refused.",
        default_says="the account of the credentials",
        example='"123456789012"',
        targets=_AWS,
        also=("account_id",),
    ),
    "servers": Key(
        SERVERS,
        "The Consul and Nomad servers.",
        default_says="3 of type t4g.small",
        example="{count: 3, type: t4g.small}",
        targets=_AWS,
    ),
    "clients": Key(
        CLIENTS,
        "The machines that run the processes.",
        default_says="2 of type m7g.large",
        example="{min: 2, max: 10, types: [m7g.large], spot: true}",
        targets=_AWS,
    ),
    "machine_image": Key(
        names.AMI,
        "The system of the machines, or an AMI of your own made from one of them.",
        "debian-12",
        example="debian-12",
        targets=_AWS,
        also=("ami",),
    ),
    "network": Key(
        NETWORK,
        "The network that is made for the environment.",
        default_says="10.20.0.0/16 with a NAT gateway in each zone",
        example="{cidr: 10.20.0.0/16, nat: one}",
        targets=_AWS,
        also=("vpc",),
    ),
    "dns": Key(
        DNS,
        "Where the names of the routes are kept, and how much of their traffic comes here.",
        default_says="all traffic of the hosted zone named as `domain`",
        example="{zone: example.com, weight: 10}",
        targets=_AWS,
        also=("route53",),
    ),
    "managed": Key(
        MapOf(names.NAME, MANAGED, listed=True, expected="a list of names or a mapping"),
        "The backing services that AWS runs, under the same names and outputs.",
        default_says="none",
        example="[db, cache]",
        targets=_AWS,
    ),
    "state": Key(
        STATE,
        "The S3 bucket in which Terraform keeps what it made.",
        default_says="a file in the folder `terraform`",
        example="example-terraform",
        targets=_AWS,
        also=("backend",),
    ),
    "repositories": Key(
        ListOf(names.REPOSITORY),
        "The image repositories to make.",
        default_says="one with the name of the app",
        example="[shop]",
        targets=_AWS,
        also=("ecr",),
    ),
    "deploy": Key(
        DEPLOY,
        "The repository on GitHub whose workflows may push images and deploy, without a password.",
        default_says="none",
        example="example/shop",
        targets=_AWS,
        also=("ci",),
    ),
    "alarms": Key(
        ALARMS,
        "Who is told of alarms, and what is too much.",
        default_says="nobody is told",
        example="ops@example.com",
        targets=_AWS,
    ),
    "bastion": Key(
        ListOf(names.CIDR, 1),
        "The networks that may log in to a machine made for that; Session Manager needs none.",
        default_says="there is no such machine",
        example="[198.51.100.0/24]",
        targets=_AWS,
    ),
    "deletion_protection": Key(
        Boolean(),
        "Whether what holds data cannot be deleted until this is false.",
        True,
        example="false",
        targets=_AWS,
    ),
    "logs": Key(
        Integer(1, 3653),
        "How long log groups keep what they have.",
        _DAYS,
        unit="days",
        example="30",
        targets=_AWS,
        also=("log_retention",),
    ),
    "tags": Key(
        MapOf(names.TAG, names.TAG_VALUE),
        "Tags of everything that is made, for your bill.",
        default_says="none",
        example="{team: shop}",
        targets=_AWS,
    ),
}
