"""Begin the access control of a cluster of one's own machines, and let its machines in."""

from __future__ import annotations

from collections.abc import Callable, Collection

from hashistack.backends.cluster import SystemClock
from hashistack.backends.consul import Consul
from hashistack.backends.consul_acl import ConsulAcl
from hashistack.backends.nomad import Nomad
from hashistack.backends.nomad_acl import NomadAcl
from hashistack.credentials.values import Credentials
from hashistack.model import Stack
from hashistack.plan.access import by_role, consul_access
from hashistack.plan.bootstrapper import Bootstrapper, GiveHost, Wanted
from hashistack.plan.bootstrapper import begin as begin_one
from hashistack.plan.progress import Event


def begin(nomad: Nomad, consul: Consul, report: Callable[[Event], None]) -> None:
    """Have servers that know nothing know our management tokens; again and again, without harm."""
    begin_one("Consul", ConsulAcl(consul.endpoint), report, SystemClock())
    begin_one("Nomad", NomadAcl(nomad.endpoint), report, SystemClock())


def bootstrap(
    stack: Stack,
    credentials: Credentials,
    nomad: Nomad,
    consul: Consul,
    report: Callable[[Event], None],
    handover: GiveHost,
    lacking: Collection[str] = (),
) -> None:
    """Bring access control, policies and tokens of a cluster to what its stack needs; again and again, without harm.

    `handover` gives a host its NOMAD_* values, for nomad.env; it is called for hosts that are not registered or do not
    have their tokens yet, `lacking` names those that have lost them. It may be called from several threads at once.
    Raises BackendError, for all hosts together, once every host that could be done is done.
    """
    access = consul_access(stack, credentials)
    wanted = Wanted(stack, access, credentials.ingress, frozenset(lacking), introduces=not by_role(stack))
    controls = ConsulAcl(consul.endpoint), NomadAcl(nomad.endpoint)
    Bootstrapper(*controls, nomad, report, SystemClock(), handover).run(wanted)
