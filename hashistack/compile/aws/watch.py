"""What is measured: when machines are added and removed, when somebody is told, and what is written down."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.aws import entrances
from hashistack.compile.aws.gauges import Gauge, gauges
from hashistack.model import Alarms, Clients, ClientScale, Stack
from hashistack.render.hcl import Hcl

_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Group:
    """A target group of the clients: its metrics' namespace, and expressions of it and of its load balancer."""

    name: str
    namespace: str
    balancer: Hcl
    group: Hcl


@dataclass(frozen=True, slots=True)
class WatchView:
    """What `scaling.tf`, `alarms.tf` and `logs.tf` show.

    `requests` are per minute and machine, `quorum` is how many servers must be there, `latency` is in seconds.
    """

    environment: str
    scale: ClientScale
    requests: int | None
    public: bool
    groups: tuple[Group, ...]
    gauges: tuple[Gauge, ...]
    alarms: Alarms
    latency: Hcl
    servers: int
    quorum: int
    clients: Clients
    logs: int


def artifacts(stack: Stack, source: str, folder: str) -> tuple[Artifact, ...]:
    """Return the files of scaling, where there is room for it, of alarms and of logs."""
    environment = stack.environment
    cloud, servers, clients = environment.cloud, environment.servers, environment.clients
    if cloud is None or servers is None or clients is None:
        return ()
    requests = clients.scale.requests
    view = WatchView(
        environment=environment.name,
        scale=clients.scale,
        requests=requests * _SECONDS_PER_MINUTE if requests else None,
        public=bool(entrances.public_hosts(stack)),
        groups=groups(stack),
        gauges=gauges(stack),
        alarms=cloud.alarms,
        latency=Hcl(f"{cloud.alarms.latency / 1000:g}"),
        servers=servers.count,
        quorum=servers.count // 2 + 1,
        clients=clients,
        logs=cloud.logs,
    )
    names = ("alarms.tf", "logs.tf", *(("scaling.tf",) if clients.max > clients.min else ()))
    return tuple(Artifact(f"{folder}/{name}", f"aws/{name}.j2", view, source) for name in names)


def groups(stack: Stack) -> tuple[Group, ...]:
    """Return the target groups that there are, one for each entry point of the ingress."""
    application, network = "AWS/ApplicationELB", "AWS/NetworkELB"
    found = []
    if entrances.public_hosts(stack):
        found.append(_group("public", application, "external", "public"))
    if entrances.internal_hosts(stack):
        found.append(_group("internal", application, "internal", "internal"))
    found += [
        _group(f"tcp-{port}", network, "tcp", f'tcp["{port}"]') for port in entrances.public_ports(stack)
    ]
    return tuple(found)


def _group(name: str, namespace: str, balancer: str, group: str) -> Group:
    return Group(
        name, namespace, Hcl(f"aws_lb.{balancer}.arn_suffix"), Hcl(f"aws_lb_target_group.{group}.arn_suffix")
    )
