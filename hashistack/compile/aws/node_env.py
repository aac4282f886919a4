"""What a machine on EC2 is told: the lines of /etc/hashistack/node.env, as texts or as expressions of Terraform."""

from __future__ import annotations

import re

from hashistack.compile.node_env import ingress_ports, snapshot_settings, software_settings
from hashistack.model import Stack
from hashistack.render.hcl import Hcl

Settings = tuple[tuple[str, str], ...]
"""Names and values; a value is text, or an expression of Terraform (`Hcl`)."""

# ACCOUNT.dkr.ecr.REGION.amazonaws.com[.cn]/NAME: docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_ECR_IMAGE = re.compile(
    r"(?P<host>(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?)/(?P<name>.+)"
)


def common_settings(stack: Stack) -> Settings:
    """Return what all machines are told alike; what is empty is left out, for user data is short of room."""
    environment = stack.environment
    servers = environment.servers
    settings = {
        "JOIN": "aws",
        "REGION": Hcl("var.region"),
        "PREFIX": Hcl("local.prefix"),
        "CLUSTER": f"{stack.app}-{environment.name}",
        "DATACENTER": environment.name,
        "SERVER_COUNT": str(servers.count) if servers else "",
        **software_settings(environment.software),
    }
    return _filled(settings)


def server_settings(stack: Stack) -> Settings:
    """Return what the servers are told beside that."""
    snapshots = stack.environment.snapshots
    settings = {
        "ROLES": "server",
        **snapshot_settings(snapshots),
        "SNAPSHOT_BUCKET": Hcl("aws_s3_bucket.snapshots.id") if snapshots else "",
    }
    return _filled(settings)


def client_settings(stack: Stack) -> Settings:
    """Return what the clients are told beside that; the pool is Nomad's own."""
    clients = stack.environment.clients
    memory = clients is not None and clients.scale.memory is not None
    settings = {
        "ROLES": "client ingress",
        "POOL": "default",
        "INGRESS_PORTS": ingress_ports(stack),
        "REGISTRY": _registry(stack),
        "METRICS": "memory" if memory else "",
    }
    return _filled(settings)


def foreign_repository(stack: Stack) -> Hcl | None:
    """Return the ARN of the app's image repository if it is on ECR: it need not be one that the stack makes."""
    image = _ECR_IMAGE.fullmatch(stack.image.name)
    if image is None:
        return None
    return Hcl(
        '"arn:${data.aws_partition.current.partition}:ecr:'
        f'{image["region"]}:{image["account"]}:repository/{image["name"]}"'
    )


def _registry(stack: Stack) -> str:
    """Return the registry that the clients log in to by their role, where the app's image is on one of ECR."""
    image = _ECR_IMAGE.fullmatch(stack.image.name)
    return image["host"] if image else ""


def _filled(settings: dict[str, str]) -> Settings:
    return tuple((name, value) for name, value in settings.items() if value)
