"""What only a cloud has, as later stages see it: machines in groups, networks, names, services that it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Managed:
    """A service that the cloud runs: `instance` is its machine type, None where it has none; `backups` in days.

    `zones` tells whether a second zone takes over.
    """

    instance: str | None
    zones: bool
    backups: int


@dataclass(frozen=True, slots=True)
class Servers:
    """The Consul and Nomad servers of a cloud target."""

    count: int
    type: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A CloudWatch metric of work that waits; `target` is how much of it one machine is to have."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    target: int


@dataclass(frozen=True, slots=True)
class ClientScale:
    """What machines are added and removed by: percentages of CPU and memory, requests per second and machine."""

    cpu: int | None
    memory: int | None
    requests: int | None
    queue: Queue | None


@dataclass(frozen=True, slots=True)
class Clients:
    """The machines of a cloud target that run the processes.

    `spot` is the percentage of spot instances above `on_demand` machines that never are; `disk` is in MiB.
    """

    min: int
    max: int
    types: tuple[str, ...]
    spot: int
    on_demand: int
    disk: int
    scale: ClientScale


@dataclass(frozen=True, slots=True)
class Network:
    """The VPC; `nat` tells how many NAT gateways there are, `flow_logs` are days of keeping, 0 for none.

    `endpoints` are the names of AWS services that are reached without the internet, as in their endpoints' names.
    """

    cidr: str
    nat: Literal["one", "zone"]
    endpoints: tuple[str, ...]
    flow_logs: int


@dataclass(frozen=True, slots=True)
class OtherRecord:
    """An older platform, or another one, that shares the traffic: its host name and its weight."""

    name: str
    target: str
    weight: int


@dataclass(frozen=True, slots=True)
class Dns:
    """The names of the routes; `zone` is the hosted zone, made here if `create`.

    A `weight` of None takes all traffic, else `others` have theirs.
    """

    zone: str
    create: bool
    weight: int | None
    others: tuple[OtherRecord, ...]


@dataclass(frozen=True, slots=True)
class TerraformState:
    """The S3 bucket of Terraform's state, its region and the key in it."""

    bucket: str
    region: str
    key: str


@dataclass(frozen=True, slots=True)
class Deploy:
    """Who may push images and deploy without a password: a repository of GitHub as owner/name, and its branch.

    `provider` tells whether GitHub's identity provider is made here: an account of AWS has only one.
    """

    github: str
    branch: str
    provider: bool


@dataclass(frozen=True, slots=True)
class Alarms:
    """Who is told of alarms, and when: `errors` is the percentage of answers 5xx, `latency` in milliseconds (p99)."""

    emails: tuple[str, ...]
    errors: int
    latency: int


@dataclass(frozen=True, slots=True)
class Cloud:
    """What only AWS has. `account` of None is whichever account the credentials are of; `logs` are days of keeping.

    `machine_image` is an AMI's id or the name of a system; `bastion` are the networks that may log in to one, none
    without a bastion; `repositories` are the image repositories to make.
    """

    account: str | None
    machine_image: str
    network: Network
    dns: Dns | None
    state: TerraformState | None
    repositories: tuple[str, ...]
    deploy: Deploy | None
    alarms: Alarms
    bastion: tuple[str, ...]
    deletion_protection: bool
    logs: int
    tags: tuple[tuple[str, str], ...]
