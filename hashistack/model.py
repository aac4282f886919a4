"""The application as every later stage sees it: defaults filled, units fixed, nothing left to look up.

A descriptor becomes one `Application`; each of its environments becomes one `Stack` with the overrides
already applied. Mappings are tuples sorted by name, so equal descriptors give equal models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hashistack.model_cloud import (
    Alarms,
    Clients,
    ClientScale,
    Cloud,
    Deploy,
    Dns,
    Managed,
    Network,
    OtherRecord,
    Queue,
    Servers,
    TerraformState,
)
from hashistack.model_hosts import Bastion, Host, Snapshots, Software, Source, Ssh
from hashistack.model_services import Archive, BackingService, Backup, ServiceType, Topic

__all__ = [
    "Alarms",
    "Application",
    "Archive",
    "BackingService",
    "Backup",
    "Bastion",
    "ClientScale",
    "Clients",
    "Cloud",
    "Deploy",
    "Dns",
    "Environment",
    "Health",
    "Host",
    "Image",
    "Ingress",
    "Lag",
    "Managed",
    "Network",
    "OtherRecord",
    "Process",
    "Queue",
    "Reference",
    "Registry",
    "Route",
    "Scale",
    "ScheduledProcess",
    "Servers",
    "ServiceType",
    "Snapshots",
    "Software",
    "Source",
    "Ssh",
    "Stack",
    "Target",
    "TerraformState",
    "Topic",
    "Variable",
]

Target = Literal["local", "onprem", "aws"]


@dataclass(frozen=True, slots=True)
class Reference:
    """`${service.output}`: one output of a backing service, known only when the container starts."""

    service: str
    output: str


@dataclass(frozen=True, slots=True)
class Variable:
    """One entry of `env`; `value` is literal text and references in the order they were written."""

    name: str
    value: tuple[str | Reference, ...]


@dataclass(frozen=True, slots=True)
class Registry:
    """The login of a private image registry; `password` is the name of a secret, never the secret."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Image:
    """A container image: `name` without tag or digest; `tag` is None when the version is given at deploy time."""

    name: str
    tag: str | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """An HTTP check; interval, timeout and grace in seconds. Grace is the time a new instance has to become healthy."""

    path: str
    interval: int
    timeout: int
    grace: int


@dataclass(frozen=True, slots=True)
class Route:
    """Requests for `host` whose path is `path` or below it; "/" is the whole host."""

    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Lag:
    """Scale by messages waiting: `target` is the number of waiting messages per instance."""

    service: str
    topic: str
    group: str
    target: int


@dataclass(frozen=True, slots=True)
class Scale:
    """How many instances; `cpu` is a percentage, `requests` are per second and instance."""

    min: int
    max: int
    cpu: int | None
    requests: int | None
    lag: Lag | None


@dataclass(frozen=True, slots=True)
class Process:
    """A long-running process; cpu in MHz, memory in MiB."""

    name: str
    command: str
    cpu: int
    memory: int
    port: int | None
    health: Health | None
    routes: tuple[Route, ...]
    internal: bool
    scale: Scale


@dataclass(frozen=True, slots=True)
class ScheduledProcess:
    """A process that runs by the clock and never overlaps itself; cpu in MHz, memory in MiB."""

    name: str
    command: str
    cpu: int
    memory: int
    schedule: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Ingress:
    """Where the outside comes in: the ports of the public and the internal entry point and of ping and metrics.

    `tls_port` is the public entry point for HTTPS, None where the target has none.
    """

    port: int
    tls_port: int | None
    internal_port: int
    admin_port: int
    vip: str | None


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a stack runs. Keys of other targets stay None or empty."""

    name: str
    target: Target
    domain: str | None
    ingress: Ingress
    region: str | None
    zones: tuple[str, ...]
    servers: Servers | None
    clients: Clients | None
    cloud: Cloud | None
    ssh: Ssh | None
    hosts: tuple[Host, ...]
    firewall: bool
    software: Software | None
    snapshots: Snapshots | None


@dataclass(frozen=True, slots=True)
class Stack:
    """The application in one environment: all that is needed to render and run it there."""

    app: str
    image: Image
    registry: Registry | None
    env: tuple[Variable, ...]
    secrets: tuple[str, ...]
    release: str | None
    processes: tuple[Process, ...]
    scheduled: tuple[ScheduledProcess, ...]
    backing_services: tuple[BackingService, ...]
    environment: Environment


@dataclass(frozen=True, slots=True)
class Application:
    """A whole descriptor; `file` is its base name, stacks are sorted by environment name."""

    name: str
    file: str
    stacks: tuple[Stack, ...]
