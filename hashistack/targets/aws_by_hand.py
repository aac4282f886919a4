"""The steps of `aws` one at a time, for those who start terraform and nomad themselves."""

from __future__ import annotations

import shlex

from hashistack.backends import terraform
from hashistack.backends.aws_tunnel import command
from hashistack.backends.servers import CONSUL_PORT, NOMAD_PORT
from hashistack.plan.env import Reach
from hashistack.targets import Site
from hashistack.targets.aws import await_clients, begin, variables_of
from hashistack.targets.aws_ground import complete_credentials, hand_in, locked, survey, write_variables
from hashistack.targets.aws_reach import await_cluster, check_way, names

_APPLY_SECONDS = 1500.0  # as long as machines that start wait for their secrets


def bootstrapped(site: Site) -> None:
    """Put the secrets into AWS, wait for the servers that somebody's Terraform starts, and begin access control."""
    ground = survey(site.stack, site.environ, site.report)
    with locked(ground):
        check_way(ground)
        credentials = complete_credentials(ground)
        hand_in(ground, credentials)
        write_variables(ground, variables_of(ground, handed_in=True))
        cluster = await_cluster(ground, credentials.secrets, _APPLY_SECONDS)
        terraform.prepare(site.terraform, ground.explain)
        begin(ground, site, credentials, cluster)
        await_clients(ground, cluster)


def reach(site: Site) -> Reach:
    """Return how other programs reach the cluster; its credentials are made first where some are missing."""
    ground = survey(site.stack, site.environ, site.report)
    secrets, folder = complete_credentials(ground).secrets, ground.folder
    write_variables(ground, variables_of(ground, handed_in=False))
    certificate, key = folder.operator
    ports = (NOMAD_PORT, CONSUL_PORT)
    return Reach(
        nomad=f"https://127.0.0.1:{NOMAD_PORT}",
        consul=f"https://127.0.0.1:{CONSUL_PORT}",
        authority=str(folder.authority),
        certificate=str(certificate),
        key=str(key),
        variables=str(folder.variables),
        nomad_token=secrets.nomad_management,
        consul_token=secrets.consul_management,
        nomad_name="server.global.nomad",
        consul_name=f"server.{ground.name}.consul",
        ways=tuple(
            shlex.join(command(ground.aws.region, server, port, port))
            for server in names(ground)[:1]
            for port in ports
        ),
    )
