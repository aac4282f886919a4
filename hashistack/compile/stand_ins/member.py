"""What every job of a backing service shows alike: `_member.hcl.j2` makes its job, `_setup.hcl.j2` a batch job."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.stand_ins.ports import base
from hashistack.model import BackingService, Stack

# Its command line takes places and sets marks in Consul's key-value store.
CONSUL_IMAGE = "hashicorp/consul:1.22.7"
# Serves files of numbers, for engines that have none for Prometheus; Apache-2.0, and the version that Debian 13 has.
EXPORTER_IMAGE = "prom/node-exporter:v1.9.0"
# What such an engine has beside its own `metrics.sh`.
EXPORT = "_member/export.sh"


@dataclass(frozen=True, slots=True)
class Port:
    """A fixed port of every node; tasks know it as `NOMAD_PORT_<label>`."""

    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Member:
    """A node of the cluster as its job shows it; cpu in MHz, memory in MiB, `uid` owns the volume and the keys.

    `files` are scripts below `jobs/`, each to be found as `/local/<name>` in every task of the engine. `port` is the
    first of the service's block, `database` the postgres service that keeps its data, "" where none does.
    """

    app: str
    job: str
    key: str
    engine: str
    task: str
    image: str
    version: str
    consul_image: str
    exporter_image: str
    nodes: int
    port: int
    database: str
    ports: tuple[Port, ...]
    uid: int
    cpu: int
    memory: int
    stateful: bool
    files: tuple[str, ...]

    @property
    def peers(self) -> str:
        """A template body with a line `<id>=<address>` for each member; the value of its key is `<node> <address>`."""
        address = '{{ index (.Value | split " ") 1 }}'
        return f'{{{{ range ls "hashistack/{self.job}/members" }}}}{{{{ .Key }}}}={address}\n{{{{ end }}}}'

    @property
    def has_metrics(self) -> bool:
        """Whether one of the ports is for metrics."""
        return any(port.label == "metrics" for port in self.ports)


def member(
    stack: Stack,
    service: BackingService,
    *,
    task: str,
    image: str,
    uid: int,
    cpu: int,
    memory: int,
    ports: tuple[str, ...],
    files: tuple[str, ...],
    version: str = "",
    stateful: bool = True,
) -> Member:
    """Return what the job of a service shows; image, cpu and memory are the engine's unless the descriptor has them.

    `ports` are the labels of the service's ports in order, the first is `client`; `""` leaves one out. One that is
    called `metrics` becomes the service `<job>-metrics`. `files` have at least `<engine>/ready.sh`. `version` is given
    for an image that has several; of others it is the tag.
    """
    first = base(stack, service)
    chosen = service.image or (image if version or not service.version else _tagged(image, service.version))
    return Member(
        app=stack.app,
        job=f"{stack.app}-{service.name}",
        key=f"backing_services.{service.name}",
        engine=service.engine,
        task=task,
        image=chosen,
        version=(service.version or version) if version else _tag(chosen),
        consul_image=CONSUL_IMAGE,
        exporter_image=EXPORTER_IMAGE,
        nodes=service.nodes,
        port=first,
        database=service.database or "",
        ports=tuple(Port(label, first + index) for index, label in enumerate(ports) if label),
        uid=uid,
        cpu=service.cpu or cpu,
        memory=service.memory or memory,
        stateful=stateful,
        files=files,
    )


def _tagged(image: str, version: str) -> str:
    """Return an image in another version and the same variant, without the digest, which is that of one."""
    tag = _tag(image)
    _, dash, variant = tag.partition("-")
    chosen = version if "-" in version else f"{version}{dash}{variant}"
    return f"{image.partition('@')[0].removesuffix(f':{tag}')}:{chosen}"


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def job_path(stack: Stack, job: str) -> str:
    """Return where the job file of a service is written, relative to the output folder."""
    return f"{stack.environment.name}/jobs/{job}.nomad.hcl"
