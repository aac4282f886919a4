"""The later days of an environment in AWS: servers from a newer template, agents that start anew, tokens anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hashistack.backends.aws_fleet import AwsServers
from hashistack.backends.cluster import Cluster, SystemClock
from hashistack.backends.patience import until
from hashistack.diagnostics import BackendError
from hashistack.messages import aws as messages
from hashistack.plan.progress import Planned, Progress, Waiting
from hashistack.plan.progress_hosts import Warned
from hashistack.plan.replacement import Replacement, plan_replacement
from hashistack.plan.replacer import Replacer
from hashistack.targets import Site
from hashistack.targets.aws import apply, await_clients, begin, bootstrap
from hashistack.targets.aws_ground import Ground, complete_credentials, known_credentials, locked, survey
from hashistack.targets.aws_reach import await_cluster, connect

_SERVERS = ("aws_launch_template.server", "aws_autoscaling_group.server")
_REFRESH = "/usr/local/lib/hashistack/bootstrap.sh refresh"
_STOP_REFRESH = "systemctl stop hashistack-refresh.service"
_RESTART = "systemctl restart nomad"
_COMMAND_SECONDS = 180.0


def planned_upgrade(site: Site) -> Replacement:
    """Return which servers would be replaced as AWS is now."""
    ground = survey(site.stack, site.environ, site.report)
    cluster = connect(ground, known_credentials(ground).secrets)
    return _planned(ground, AwsServers(ground.stack, ground.instances, cluster).leaders())


def upgrade(site: Site, progress: Progress) -> Replacement:
    """Replace the servers that run as they were started before; then let Terraform do the rest. Return what was done.

    Servers first: a client may be older than its servers, not newer. Terraform then refreshes the clients by itself.
    """
    ground = survey(site.stack, site.environ, site.report)
    if not ground.instances.of("server"):
        raise BackendError(messages.nothing_there(ground.name))
    with locked(ground):
        credentials = complete_credentials(ground)
        apply(ground, site, credentials, targets=_SERVERS)
        cluster = await_cluster(ground, credentials.secrets)
        servers = AwsServers(ground.stack, ground.instances, cluster)
        plan = _planned(ground, servers.leaders())
        if plan.servers:
            progress.report(Planned(tuple(f"replace server {name}" for name in plan.servers)))
        Replacer(servers, progress, SystemClock()).carry_out(plan)
        if plan.servers:
            # An agent takes the servers of its files when it starts; of those that were there none may be left.
            _on_clients(ground, _REFRESH, "the clients to note the new servers")
        apply(ground, site, credentials)
        begin(ground, site, credentials, cluster)
        await_clients(ground, cluster)
    return plan


def restart_nomad(site: Site, cluster: Cluster) -> None:
    """Start Nomad's agents anew: one server after another, each when there is a leader again, then all clients."""
    ground = survey(site.stack, site.environ, site.report)
    for server in ground.instances.of("server"):
        ground.report(Waiting(f"Nomad on {server.name} to start anew"))
        ground.instances.run([server.name], _RESTART, _COMMAND_SECONDS)
        until(cluster.nomad.ready, _COMMAND_SECONDS)
    # Last: a client that a server let in which still knew the keys of the time before is refused by all others. And
    # with the servers of today: those that it was started with may all have been replaced. A refresh that began while
    # the servers knew nothing may wait 90 s for the node to be ready, and lets nobody else refresh meanwhile.
    line = f"{_STOP_REFRESH}; {_REFRESH}; {_RESTART}"
    _on_clients(ground, line, "Nomad on the clients to start anew")


def hand_out(site: Site, cluster: Cluster) -> None:
    """Give every role tokens that the cluster knows, and let all machines fetch them now."""
    ground = survey(site.stack, site.environ, site.report)
    bootstrap(ground, known_credentials(ground), cluster, anew=True)
    everyone = [each.name for role in ("server", "client") for each in ground.instances.of(role)]
    ground.report(Waiting("all machines to fetch their tokens"))
    ground.instances.run(everyone, _REFRESH, _COMMAND_SECONDS)


def _on_clients(ground: Ground, line: str, what: str) -> None:
    """Run a line of shell on the clients in service; one on which it fails is told of, and the others go on."""
    clients = [each.name for each in ground.instances.of("client") if each.in_service and not each.leaving]
    ground.report(Waiting(what))
    try:
        ground.instances.run(clients, line, _COMMAND_SECONDS)
    except BackendError as error:
        for problem in error.diagnostics:
            ground.report(Warned(replace(problem, severity="warning")))


def _planned(ground: Ground, leaders: Mapping[str, str]) -> Replacement:
    return plan_replacement(ground.instances.of("server"), leaders, ground.name)
