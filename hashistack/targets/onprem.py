"""Machines of one's own: from hosts that answer SSH to a cluster that takes jobs.

    credentials   keys, certificates and tokens are made or renewed in the operator's folder
    look          every host says over SSH what it is; all that is in the way is shown together
    lock          one operator at a time
    part          members that leave are drained; members whose machine is a new one are forgotten
    apply         Terraform installs the agents on all hosts and starts them, servers one after another
    forget        what remains of members that have left
    bootstrap     ACLs, tokens and policies are made, and each host is handed its own
    await         every client that was reached takes jobs, for what is planned next depends on who does

The way back is in `clearing.py`; the same steps one at a time, for work by hand, are in `by_hand.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from hashistack.backends import terraform
from hashistack.backends.cluster import Cluster, open_secured
from hashistack.backends.credentials import credentials_folder
from hashistack.backends.holders import Holders
from hashistack.backends.membership import Membership
from hashistack.backends.nomad_acl import NomadAcl
from hashistack.backends.patience import until
from hashistack.backends.servers import on_hosts
from hashistack.credentials.values import Credentials
from hashistack.diagnostics import BackendError, HashistackError
from hashistack.messages import hosts as messages
from hashistack.model import Stack
from hashistack.plan import hosts as plan
from hashistack.plan.hosts import Departures, HostFacts
from hashistack.plan.progress import Waiting
from hashistack.plan.replace_node import check_leaving
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.stand_ins import stand_ins
from hashistack.targets import Site
from hashistack.targets.ground import Ground, check_uploads, complete_credentials, locked, look, survey

_HANDOVER_SECONDS = 120.0  # an agent restarts and registers
_READY_SECONDS = 90.0  # an agent that failed to register waits up to half a minute before it tries again


@contextmanager
def raised(site: Site) -> Iterator[Cluster]:
    """Bring the hosts up as one cluster, and hold its lock while the block runs."""
    ground = survey(site)
    facts = look(ground)
    check_uploads(ground, [each for each in facts if not each.cluster])
    with locked(ground):
        credentials = complete_credentials(ground, facts)
        parting = part(ground, facts, credentials)
        apply(ground, facts)
        cluster = connect_to(ground, credentials)
        forget(cluster, parting)
        bootstrap(ground, credentials, cluster, plan.without_tokens(facts))
        await_clients(ground, cluster, facts)
        yield cluster


@contextmanager
def held(site: Site) -> Iterator[Cluster]:
    """Open the cluster as it is, and hold its lock while the block runs."""
    ground = survey(site)
    cluster = connect(site.stack, site.environ)
    with locked(ground):
        yield cluster


def connect(stack: Stack, environ: Mapping[str, str]) -> Cluster:
    """Open the cluster of a stack with the operator's credentials; raise where this machine has none."""
    folder = credentials_folder(environ, stack)
    found = folder.read()
    if found.authority is None or found.secrets is None:
        name = stack.environment.name
        raise BackendError(messages.no_credentials(stack.app, name, str(folder.path)))
    return open_secured(on_hosts(stack), folder, found.secrets)


def part(ground: Ground, facts: tuple[HostFacts, ...], credentials: Credentials) -> Departures:
    """Drain the members that leave and forget those whose machine is a new one; a new cluster has neither."""
    if not any(each.cluster for each in facts):
        return Departures((), ())
    try:
        cluster = connect_to(ground, credentials)
        membership = Membership(cluster.consul.endpoint, cluster.nomad.endpoint)
        members = membership.members()
    except BackendError as error:
        # Nobody can be asked: expired certificates, no quorum. What follows mends it, or names it.
        _check_nobody_leaves(ground, error)
        return Departures((), ())
    parting = plan.departures(ground.stack.environment.hosts, facts, members)
    if risks := plan.risk(parting, members):
        raise HashistackError(*risks)
    _check_data(ground.stack, cluster, parting)
    for member in parting.leaving:
        if member.alive:
            ground.site.report(Waiting(f"the instances on {member.name} to move elsewhere"))
            membership.drain(member.name)
    # Not only those that Consul still lists: its autopilot forgets a dead server, and Nomad does not.
    for name in plan.empty(facts):
        ground.site.report(Waiting(f"the cluster to forget the machine that was {name} before"))
        membership.forget(name)
    return parting


def _check_nobody_leaves(ground: Ground, reason: BackendError) -> None:
    """Raise where Terraform would clear a host of which nobody can say what only it has."""
    terraform.prepare(ground.site.terraform)
    known = terraform.resources(ground.site.terraform)
    if leaving := plan.unlisted(ground.stack.environment.hosts, known):
        raise BackendError(messages.leaves_unasked(leaving, str(reason)))


def _check_data(stack: Stack, cluster: Cluster, parting: Departures) -> None:
    """Raise where a host that leaves has data of a stand-in; one that is dead takes nothing along."""
    alive = [member.name for member in parting.leaving if member.alive]
    if alive:
        holders = Holders(cluster.consul.endpoint, cluster.nomad.endpoint)
        check_leaving(alive, stack, holders.read([each.job for each in stand_ins(stack)]))


def apply(ground: Ground, facts: tuple[HostFacts, ...]) -> None:
    """Let Terraform do what has to be done on the hosts, also where it does not know of it."""
    again = plan.to_do_again(facts)
    terraform.apply(ground.site.terraform, ground.folder.variables, ground.site.report, replace=again)


def connect_to(ground: Ground, credentials: Credentials) -> Cluster:
    """Open the cluster that stands on the hosts."""
    return open_secured(on_hosts(ground.stack), ground.folder, credentials.secrets)


def forget(cluster: Cluster, parting: Departures) -> None:
    """Remove what remains of members that have left; those that left in order are forgotten already."""
    membership = Membership(cluster.consul.endpoint, cluster.nomad.endpoint)
    for member in parting.leaving:
        membership.forget(member.name)


def bootstrap(ground: Ground, credentials: Credentials, cluster: Cluster, lacking: Collection[str]) -> None:
    """Make ACLs, tokens and policies, and hand each host its own; what is there already stays.

    `lacking` are the hosts that have none, whatever the cluster remembers of having given them.
    """
    from hashistack.backends import bootstrap as acl

    def handover(host: str, values: Mapping[str, Sensitive]) -> None:
        text = "".join(f"{name}='{value.reveal()}'\n" for name, value in values.items())
        result = ground.way(host).script("receive", text, timeout=_HANDOVER_SECONDS)
        if result.code:
            raise BackendError(messages.lost_during(host, "taking its tokens", result.last_words))

    acl.bootstrap(
        ground.stack, credentials, cluster.nomad, cluster.consul, ground.site.report, handover, lacking
    )


def await_clients(ground: Ground, cluster: Cluster, facts: tuple[HostFacts, ...]) -> None:
    """Wait until Nomad calls the clients ready; one that is not in time is told of where something waits for it."""
    wanted = plan.clients(ground.stack.environment.hosts, facts)
    nomad = NomadAcl(cluster.nomad.endpoint)
    if late := wanted - nomad.ready_nodes():
        ground.site.report(Waiting(f"Nomad to be ready on {', '.join(sorted(late))}"))
        until(lambda: wanted <= nomad.ready_nodes(), _READY_SECONDS)
