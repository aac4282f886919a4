"""The machines: servers, which keep the state of the cluster, and clients, which run the app."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.aws.node_env import Settings, client_settings, common_settings, server_settings
from hashistack.compile.instance_types import architecture
from hashistack.model import Clients, Servers, Stack
from hashistack.render.hcl import Hcl, interpolated

# Where each system keeps the id of its newest image, and what its image calls the first disk.
# wiki.debian.org/Cloud/AmazonEC2Image, documentation.ubuntu.com/aws (find Ubuntu images: SSM)
_PARAMETERS = {
    "debian-12": "/aws/service/debian/release/12/latest/{}",
    "debian-13": "/aws/service/debian/release/13/latest/{}",
    "ubuntu-24.04": "/aws/service/canonical/ubuntu/server/24.04/stable/current/{}/hvm/ebs-gp3/ami-id",
}
_DISKS = {"debian-12": "/dev/xvda", "debian-13": "/dev/xvda", "ubuntu-24.04": "/dev/sda1"}
_MIB_PER_GIB = 1024
_MINUTE, _DAY = 60, 86_400
# Images, logs and the state of a cluster of some hundred machines take a tenth of it.
_SERVER_DISK = 20 * _MIB_PER_GIB
# EC2 takes 16,384 bytes of user data, compressed; base64 makes four characters of three bytes.
_LARGEST_USER_DATA = 16_384 // 3 * 4


@dataclass(frozen=True, slots=True)
class Image:
    """What machines are started from: an AMI's id, or the public parameters that name it, by role, and its disk."""

    ami: str | None
    parameters: tuple[tuple[str, str], ...]
    disk: str | None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the launch template of a role says; `name` is an expression, `disk` in GiB."""

    role: str
    name: Hcl
    title: str
    type: str
    disk: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast clients are replaced: `lifetime` and `warmup` in seconds, `most` in percent of how many there are."""

    lifetime: int | None
    warmup: int | None
    most: int


@dataclass(frozen=True, slots=True)
class ComputeView:
    """What `nodes.tf`, `servers.tf` and `clients.tf` show."""

    environment: str
    image: Image
    common: Settings
    roles: tuple[tuple[str, Settings], ...]
    largest_user_data: int
    servers: Servers
    clients: Clients
    server: Machine
    client: Machine
    pace: Pace


def artifacts(stack: Stack, source: str, folder: str) -> tuple[Artifact, ...]:
    """Return the files of the machines."""
    environment = stack.environment
    cloud, servers, clients = environment.cloud, environment.servers, environment.clients
    if cloud is None or servers is None or clients is None:
        return ()
    view = ComputeView(
        environment=environment.name,
        image=image(cloud.machine_image, servers, clients),
        common=common_settings(stack),
        roles=(("server", server_settings(stack)), ("client", client_settings(stack))),
        largest_user_data=_LARGEST_USER_DATA,
        servers=servers,
        clients=clients,
        server=_machine("server", "Servers of Consul and Nomad", servers.type, _SERVER_DISK),
        client=_machine(
            "client", "Clients of Nomad, which run the processes", clients.types[0], clients.disk
        ),
        pace=pace(stack),
    )
    names = ("clients.tf", "nodes.tf", "servers.tf")
    return tuple(Artifact(f"{folder}/{name}", f"aws/{name}.j2", view, source) for name in names)


def image(name: str, servers: Servers, clients: Clients) -> Image:
    """Return the image of a system by its name, each role in its own architecture, or the AMI that `name` is."""
    parameter = _PARAMETERS.get(name)
    if parameter is None:
        return Image(name, (), None)
    types = {"server": servers.type, "client": clients.types[0]}
    parameters = ((role, parameter.format(architecture(kind))) for role, kind in types.items())
    return Image(None, tuple(parameters), _DISKS[name])


def pace(stack: Stack) -> Pace:
    """Return how fast clients may be replaced: slowly, and never for their age, where stand-ins keep data on them."""
    if any(service.managed is None for service in stack.backing_services):
        return Pace(lifetime=None, warmup=10 * _MINUTE, most=110)
    return Pace(lifetime=30 * _DAY, warmup=None, most=150)


def _machine(role: str, title: str, kind: str, disk: int) -> Machine:
    name = interpolated(Hcl("local.prefix"), f"-{role}")
    return Machine(role, name, title, kind, -(-disk // _MIB_PER_GIB))
