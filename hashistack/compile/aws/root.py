"""The frame of the root module: versions, provider, state, variables, locals and outputs."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.aws import entrances, services
from hashistack.compile.aws.addresses import Subnets, subnets
from hashistack.compile.aws.names import prefix
from hashistack.model import Cloud, Stack
from hashistack.render.hcl import Hcl

_TEMPLATES = ("locals.tf", "outputs.tf", "providers.tf", "variables.tf", "versions.tf")


@dataclass(frozen=True, slots=True)
class RootView:
    """What the frame shows; `nat` is the zone of the NAT gateway for each zone, `urls` the addresses of the app."""

    environment: str
    region: str
    cloud: Cloud
    prefix: str
    tags: tuple[tuple[str, str], ...]
    zones: tuple[str, ...]
    subnets: tuple[Subnets, ...]
    nat: tuple[tuple[str, str], ...]
    target_groups: tuple[Hcl, ...]
    urls: tuple[str, ...]
    internal: bool
    public: bool
    tcp: bool
    backing: tuple[tuple[str, Hcl], ...]
    passwords: tuple[str, ...]
    last_snapshots: bool
    by_hand: str


def artifacts(stack: Stack, source: str, folder: str) -> tuple[Artifact, ...]:
    """Return the files that every stack on AWS has, and `backend.tf` where the state is kept in S3."""
    cloud = stack.environment.cloud
    if cloud is None:
        return ()
    view = _view(stack, cloud)
    names = (*_TEMPLATES, "backend.tf") if cloud.state else _TEMPLATES
    files = {name: f"aws/{name}.j2" for name in names} | {".gitignore": "aws/gitignore.j2"}
    return tuple(Artifact(f"{folder}/{name}", template, view, source) for name, template in files.items())


def _view(stack: Stack, cloud: Cloud) -> RootView:
    environment = stack.environment
    hosts = entrances.public_hosts(stack)
    internal, ports = entrances.internal_hosts(stack), entrances.public_ports(stack)
    return RootView(
        environment=environment.name,
        region=environment.region or "",
        cloud=cloud,
        prefix=prefix(stack),
        tags=_tags(stack, cloud),
        zones=environment.zones,
        subnets=subnets(cloud.network.cidr, environment.zones),
        nat=_nat(cloud, environment.zones),
        target_groups=_target_groups(bool(hosts), bool(internal), bool(ports)),
        urls=tuple(f"https://{host}/" for host in hosts),
        internal=bool(internal),
        public=bool(hosts),
        tcp=bool(ports),
        backing=services.outputs(stack),
        passwords=services.passwords(stack),
        last_snapshots=services.last_snapshots(stack),
        by_hand=f'eval "$(hashistack env -e {environment.name})"',
    )


def _tags(stack: Stack, cloud: Cloud) -> tuple[tuple[str, str], ...]:
    ours = {"App": stack.app, "Environment": stack.environment.name, "ManagedBy": "hashistack"}
    return tuple((ours | dict(cloud.tags)).items())


def _nat(cloud: Cloud, zones: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the zone of the NAT gateway that each zone uses: its own, or the first one's."""
    return tuple((zone, zone if cloud.network.nat == "zone" else zones[0]) for zone in zones)


def _target_groups(public: bool, internal: bool, tcp: bool) -> tuple[Hcl, ...]:
    single = {"public": public, "internal": internal}
    groups = [Hcl(f"[aws_lb_target_group.{name}.arn]") for name, there in single.items() if there]
    return (*groups, *([Hcl("[for group in aws_lb_target_group.tcp : group.arn]")] if tcp else []))
