"""AWS: from an account to a cluster that takes jobs.

    look          what the account has: zones, names, machines, room; all that is in the way is shown together
    lock          one operator at a time
    credentials   keys, certificates and tokens are made or renewed in the operator's folder; what AWS has counts
    plan          Terraform says what it will do, and somebody agrees
    hand in       what machines fetch when they start is put into AWS, and the operator's folder beside it
    apply         Terraform does it, with progress
    wait          the servers start and find leaders; the way to them leads through Session Manager
    bootstrap     ACLs, tokens and policies are made, and each role is handed its own
    services      what the cloud runs for the app is announced in Consul, its logins are put into Nomad
    clients       enough machines take jobs

The way back is in `aws_clearing.py`, replacing servers in `aws_upkeep.py`, the steps by hand in `aws_by_hand.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from hashistack.backends import aws_services as services
from hashistack.backends import bootstrap as acl
from hashistack.backends import terraform
from hashistack.backends.aws_look import name_servers
from hashistack.backends.cluster import Cluster, SystemClock
from hashistack.backends.nomad_acl import NomadAcl
from hashistack.credentials.values import Credentials
from hashistack.diagnostics import BackendError, HashistackError
from hashistack.messages import aws as messages
from hashistack.model import Stack
from hashistack.plan.changes import summarise
from hashistack.plan.losses import managed
from hashistack.plan.progress import Delegate, Event, PieceDone, Waiting, Warned
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.software import other_versions
from hashistack.targets import Site
from hashistack.targets.aws_ground import (
    ROLES,
    Ground,
    complete_credentials,
    hand_in,
    known_credentials,
    locked,
    look,
    refuse_other_state,
    survey,
    write_variables,
)
from hashistack.targets.aws_reach import BOOT_SECONDS, await_cluster, await_enough, check_way
from hashistack.targets.aws_reach import connect as connect_to

_ZONE = "aws_route53_zone.main"


@contextmanager
def raised(site: Site) -> Iterator[Cluster]:
    """Bring the account to what the descriptor says, and hold the environment's lock while the block runs."""
    ground = survey(site.stack, site.environ, site.report)
    look(ground)
    check_way(ground)
    with locked(ground):
        credentials = complete_credentials(ground)
        apply(ground, site, credentials)
        cluster = await_cluster(ground, credentials.secrets)
        begin(ground, site, credentials, cluster)
        await_clients(ground, cluster)
        warn_of_old_servers(ground)
        yield cluster


@contextmanager
def held(site: Site) -> Iterator[Cluster]:
    """Open the cluster as it is, and hold the environment's lock while the block runs."""
    ground = survey(site.stack, site.environ, site.report)
    with locked(ground):
        yield connect_to(ground, known_credentials(ground).secrets)


def connect(stack: Stack, environ: Mapping[str, str], report: Callable[[Event], None]) -> Cluster:
    """Open the cluster of a stack with the operator's credentials, from this machine or from AWS."""
    ground = survey(stack, environ, report)
    return connect_to(ground, known_credentials(ground).secrets)


def apply(ground: Ground, site: Site, credentials: Credentials, targets: Sequence[str] = ()) -> None:
    """Let Terraform say what it will do, have it agreed to, and do it; with `targets` only these and what they need."""
    out = ground.folder.path / "terraform.plan"
    variables = write_variables(ground, variables_of(ground, handed_in=False))
    ground.report(Waiting("Terraform to compare AWS with the descriptor"))
    try:
        plan = terraform.planned(site.terraform, variables, out, ground.report, ground.explain, targets)
        if changes := () if targets else other_versions(plan):
            raise HashistackError(messages.upgrade_first(changes, ground.name))
        refuse_other_state(ground, len(managed(plan.get("prior_state", {}))))
        if not site.approve(plan):
            raise HashistackError(messages.declined())
        hand_in(ground, credentials)
        if summarise(plan).pending:
            with listing_what_is_there(ground, site):
                report = telling_of_the_zone(ground)
                terraform.apply_plan(site.terraform, out, variables, report, ground.explain)
    finally:
        terraform.remove_plan(out)


def variables_of(ground: Ground, *, handed_in: bool) -> dict[str, object]:
    """Return the values of Terraform's variables; until anything is `handed_in`, this machine alone keeps them."""
    mirror = ground.mirror if handed_in else ground.mirror.local()
    return services.terraform_variables(ground.stack, mirror)


def telling_of_the_zone(ground: Ground) -> Callable[[Event], None]:
    """Report, and name the servers of a new zone at once: Terraform waits for a certificate that waits for them."""
    cloud = ground.stack.environment.cloud
    zone = cloud.dns.zone if cloud and cloud.dns else ""

    def report(event: Event) -> None:
        ground.report(event)
        if isinstance(event, PieceDone) and (event.address, event.action) == (_ZONE, "create"):
            ground.report(Delegate(zone, name_servers(ground.aws, zone)))

    return report


@contextmanager
def listing_what_is_there(ground: Ground, site: Site) -> Iterator[None]:
    """Say what exists where the block fails: nothing is left half-made without being listed."""
    try:
        yield
    except (HashistackError, KeyboardInterrupt):
        if there := terraform.resources(site.terraform):
            ground.report(Warned(messages.still_there(there, ground.name)))
        raise


def begin(ground: Ground, site: Site, credentials: Credentials, cluster: Cluster) -> None:
    """Begin access control, and make what the cloud runs known to the cluster; again and again, without harm."""
    bootstrap(ground, credentials, cluster)
    outputs = terraform.outputs(site.terraform)
    announce(ground, cluster, outputs)


def bootstrap(ground: Ground, credentials: Credentials, cluster: Cluster, *, anew: bool = False) -> None:
    """Make ACLs, tokens and policies, and put each role's tokens where its machines find them; `anew`: all of them."""

    def handover(role: str, values: Mapping[str, Sensitive]) -> None:
        text = "".join(f"{name}='{value.reveal()}'\n" for name, value in sorted(values.items()))
        ground.store.put(f"{role}/nomad.env", Sensitive(text))

    lacking = [role.name for role in ROLES if anew or ground.store.read(f"{role.name}/nomad.env") is None]
    acl.bootstrap(ground.stack, credentials, cluster.nomad, cluster.consul, ground.report, handover, lacking)


def announce(ground: Ground, cluster: Cluster, outputs: Mapping[str, Any]) -> None:
    """Register what the cloud runs in Consul, with its logins in Nomad."""
    services.converge(
        ground.stack,
        ground.aws.client,
        cluster,
        ground.mirror,
        outputs.get("backing_services") or {},
        ground.report,
        SystemClock(),
    )


def await_clients(ground: Ground, cluster: Cluster, patience: float = BOOT_SECONDS) -> None:
    """Wait until the least number of clients takes jobs; with fewer, but one, go on."""
    clients = ground.stack.environment.clients
    wanted = clients.min if clients else 1
    waiting = f"{wanted} clients to take jobs"
    ready = await_enough(ground, wanted, lambda: _ready(cluster), waiting, patience)
    if ready < wanted:
        late = messages.clients_late(wanted, ready, patience)
        if not ready:
            raise BackendError(late)
        ground.report(Warned(late))


def _ready(cluster: Cluster) -> int:
    try:
        return len(NomadAcl(cluster.nomad.endpoint).ready_nodes())
    except BackendError:  # the tunnel is being opened anew
        return 0


def warn_of_old_servers(ground: Ground) -> None:
    """Name the servers that Terraform would start otherwise today: it replaces none of them by itself."""
    old = [each.name for each in ground.instances.of("server") if not each.current and not each.leaving]
    if old:
        ground.report(Warned(messages.servers_outdated(old, ground.name)))
