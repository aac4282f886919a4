"""Who may do what: the roles of machines, image repositories, deploying from GitHub, a bastion if asked for."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.aws import entrances
from hashistack.compile.aws.node_env import foreign_repository
from hashistack.model import Cloud, Deploy, Stack
from hashistack.render.hcl import Hcl, interpolated

_PREFIX = Hcl("local.prefix")


@dataclass(frozen=True, slots=True)
class Role:
    """The rights of a kind of machine: expressions of its name, group and secrets, and of the repositories it pulls."""

    key: str
    name: Hcl
    group: Hcl
    secrets: Hcl
    snapshots: bool
    images: Hcl | None
    metrics: bool


@dataclass(frozen=True, slots=True)
class AccessView:
    """What `iam.tf`, `repositories.tf`, `deploy.tf` and `bastion.tf` show; `internal`: there is a balancer inside."""

    environment: str
    roles: tuple[Role, ...]
    repositories: tuple[str, ...]
    deploy: Deploy | None
    provider: Hcl
    subject: str
    bastion: tuple[str, ...]
    internal: bool


def artifacts(stack: Stack, source: str, folder: str) -> tuple[Artifact, ...]:
    """Return the files that say who may do what, each only where there is something to say."""
    cloud = stack.environment.cloud
    if cloud is None:
        return ()
    view = AccessView(
        environment=stack.environment.name,
        roles=roles(stack, cloud),
        repositories=cloud.repositories,
        deploy=cloud.deploy,
        provider=_provider(cloud.deploy),
        subject=f"repo:{cloud.deploy.github}:ref:refs/heads/{cloud.deploy.branch}" if cloud.deploy else "",
        bastion=cloud.bastion,
        internal=bool(entrances.internal_hosts(stack)),
    )
    files = {
        "iam.tf": True,
        "repositories.tf": cloud.repositories,
        "deploy.tf": cloud.deploy,
        "bastion.tf": cloud.bastion,
    }
    return tuple(
        Artifact(f"{folder}/{name}", f"aws/{name}.j2", view, source)
        for name, wanted in files.items()
        if wanted
    )


def roles(stack: Stack, cloud: Cloud) -> tuple[Role, ...]:
    """Return the rights of servers, which save snapshots, and of clients, which pull images and measure themselves."""
    clients = stack.environment.clients
    return (
        _role("server", snapshots=stack.environment.snapshots is not None),
        _role(
            "client",
            images=_images(stack, cloud),
            metrics=clients is not None and clients.scale.memory is not None,
        ),
    )


def _provider(deploy: Deploy | None) -> Hcl:
    """Return the ARN of GitHub's identity provider: the one made here, or the one that the account has already."""
    if deploy is None or deploy.provider:
        return Hcl("aws_iam_openid_connect_provider.github.arn")
    account = Hcl("data.aws_caller_identity.current.account_id")
    partition = Hcl("data.aws_partition.current.partition")
    return interpolated(
        "arn:", partition, ":iam::", account, ":oidc-provider/token.actions.githubusercontent.com"
    )


def _images(stack: Stack, cloud: Cloud) -> Hcl | None:
    """Return the list of the repositories that clients pull from: the stack's own, and the app's if that is another."""
    foreign = foreign_repository(stack)
    own = "[for repository in aws_ecr_repository.app : repository.arn]"
    if cloud.repositories and foreign:
        return Hcl(f"concat({own}, [{foreign}])")
    if cloud.repositories:
        return Hcl(own)
    return Hcl(f"[{foreign}]") if foreign else None


def _role(key: str, *, snapshots: bool = False, images: Hcl | None = None, metrics: bool = False) -> Role:
    return Role(
        key=key,
        name=interpolated(_PREFIX, f"-{key}"),
        group=interpolated(
            Hcl("local.arn.autoscaling"), ":autoScalingGroup:*:autoScalingGroupName/", _PREFIX, f"-{key}"
        ),
        secrets=interpolated(Hcl("local.arn.ssm"), ":parameter/", _PREFIX, f"/{key}/*"),
        snapshots=snapshots,
        images=images,
        metrics=metrics,
    )
