"""The keys of an environment that say where it is: the target and what each target needs."""

from __future__ import annotations

from hashistack.descriptor import names
from hashistack.descriptor.schema_aws import AWS_KEYS
from hashistack.descriptor.schema_hosts import HOST, SNAPSHOTS, SOFTWARE, SSH
from hashistack.descriptor.types import Choice, Integer, Key, MapOf, Record

TARGETS = ("local", "onprem", "aws")
INGRESS_PORTS: dict[str, dict[str, int]] = {
    "local": {"port": 8080, "internal_port": 8081, "admin_port": 8082},
    "onprem": {"port": 80, "tls_port": 443, "internal_port": 8081, "admin_port": 8082},
    "aws": {"port": 80, "internal_port": 8081, "admin_port": 8082},
}
"""The ports of the ingress that each target has, with their defaults."""

_PORT = Integer(1, 65535)

INGRESS = Record(
    "ingress",
    {
        "port": Key(
            _PORT,
            "The port of the public entry point.",
            default_says="80; 8080 for target local",
            example="80",
        ),
        "tls_port": Key(
            _PORT,
            "The port of the public entry point for HTTPS.",
            default_says="443",
            example="443",
            targets=("onprem",),
        ),
        "internal_port": Key(
            _PORT, "The port of the entry point of internal processes.", default_says="8081", example="8081"
        ),
        "admin_port": Key(
            _PORT,
            "The port of health and metrics of the ingress itself.",
            default_says="8082",
            example="8082",
        ),
        "vip": Key(
            names.IP_ADDRESS,
            "A free address of the hosts' network that moves between the ingress hosts.",
            default_says="none",
            example="10.0.0.10",
            targets=("onprem",),
        ),
    },
)

TARGET_KEYS: dict[str, Key] = {
    "target": Key(
        Choice(TARGETS),
        "Where it runs: this machine, machines of your own, or AWS.",
        required=True,
        example="local",
        also=("platform", "provider", "type"),
    ),
    "domain": Key(
        names.DOMAIN,
        "The domain of the routes; it replaces the domain of another environment in their hosts.",
        default_says="none; `APP.localhost` for target local",
        example="shop.example.com",
        also=("host", "domains"),
    ),
    "ingress": Key(
        INGRESS,
        "The ports of the entry points.",
        default_says="80; 8080 for target local",
        example="{port: 8080}",
    ),
    **AWS_KEYS,
    "ssh": Key(
        SSH,
        "How to log in to the hosts.",
        default_says="as root",
        example="{user: admin}",
        targets=("onprem",),
    ),
    "hosts": Key(
        MapOf(names.HOST_NAME, HOST, 1),
        "The machines, by name.",
        default_says="none, they must be given",
        example="{n1: {address: 10.0.0.11, roles: [server, client]}}",
        targets=("onprem",),
        also=("nodes", "machines"),
    ),
    "firewall": Key(
        Choice(("manage", "none")),
        "Whether nftables rules on the hosts close every port that the cluster does not need.",
        "none",
        example="manage",
        targets=("onprem",),
    ),
    "software": Key(
        SOFTWARE,
        "The versions of Nomad and Consul, and where the hosts get them.",
        default_says="the versions that this release of hashistack was tested with, from their vendor",
        example="{mirror: 'https://mirror.factory.lan/hashicorp'}",
        targets=("onprem", "aws"),
    ),
    "snapshots": Key(
        SNAPSHOTS,
        "How often the servers save the state of Nomad and Consul to /var/lib/hashistack/snapshots.",
        default_says="every hour, the last 48 are kept",
        example="{every: 1h, keep: 48}",
        targets=("onprem", "aws"),
    ),
}
