"""The ways in: load balancers, their certificate, and the names that lead to them."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.aws import dns, entrances
from hashistack.compile.aws.dns import Names
from hashistack.model import Cloud, Ingress, Stack
from hashistack.render.hcl import Hcl, interpolated


@dataclass(frozen=True, slots=True)
class BalancingView:
    """What `loadbalancers.tf` and `dns.tf` show.

    `certified` are the names of the certificate, `proven` those among them that need a record as a proof: a wildcard
    has its parent's. `internal` are hosts that only resolve inside, and `plain` tells whether some of them have no
    certificate; `ports` are TCP ports on the internet, and `services` the names by which they are reached.
    """

    environment: str
    ingress: Ingress
    protected: bool
    names: Names | None
    public: bool
    internal: tuple[str, ...]
    internal_secure: bool
    plain: bool
    public_group: Hcl
    internal_group: Hcl
    certified: tuple[str, ...]
    proven: tuple[str, ...]
    ports: tuple[str, ...]
    services: tuple[str, ...]


def artifacts(stack: Stack, source: str, folder: str) -> tuple[Artifact, ...]:
    """Return the files of the load balancers and of the names; an app without routes and ports needs neither."""
    cloud = stack.environment.cloud
    if cloud is None:
        return ()
    view = _view(stack, cloud)
    named = view.names is not None and (view.public or view.certified or view.services or view.names.create)
    there = {
        "loadbalancers.tf": bool(entrances.balancers(stack)),
        "dns.tf": bool(named or view.internal),
    }
    return tuple(
        Artifact(f"{folder}/{name}", f"aws/{name}.j2", view, source)
        for name, is_there in there.items()
        if is_there
    )


def _view(stack: Stack, cloud: Cloud) -> BalancingView:
    names = dns.names(stack, cloud.dns) if cloud.dns else None
    zone = names.zone if names else None
    internal = entrances.internal_hosts(stack)
    certified = _certified(stack, zone) if zone else ()
    secure = [host for host in internal if zone and dns.within(host, zone)]
    return BalancingView(
        environment=stack.environment.name,
        ingress=stack.environment.ingress,
        protected=cloud.deletion_protection,
        names=names,
        public=bool(entrances.public_hosts(stack)),
        internal=internal,
        internal_secure=bool(secure),
        plain=len(secure) < len(internal),
        public_group=_group(stack.environment.ingress.port),
        internal_group=_group(stack.environment.ingress.internal_port),
        certified=certified,
        proven=tuple(name for name in certified if not name.startswith("*.")),
        ports=tuple(str(port) for port in entrances.public_ports(stack)),
        services=_services(stack, zone),
    )


def _certified(stack: Stack, zone: str) -> tuple[str, ...]:
    """Return the names of the certificate: the domain, what is one level below it, and the hosts that are neither.

    The wildcard is there so that one more host below the domain does not need a new certificate.
    """
    hosts = (*entrances.public_hosts(stack), *entrances.internal_hosts(stack))
    inside = [host for host in hosts if dns.within(host, zone)]
    if not inside:
        return ()
    domain = _domain(stack, zone)
    covered = (domain, f"*.{domain}")
    rest = (host for host in inside if host != domain and host.partition(".")[2] != domain)
    return (*covered, *sorted(set(rest)))


def _domain(stack: Stack, zone: str) -> str:
    """Return the domain of the environment, or the zone where that is another's."""
    domain = stack.environment.domain
    return domain if domain and dns.within(domain, zone) else zone


def _group(port: int) -> Hcl:
    """Return the name of a target group: by its port, so that another port makes another group beside the old one."""
    return interpolated(Hcl("local.prefix"), f"-{port}")


def _services(stack: Stack, zone: str | None) -> tuple[str, ...]:
    """Return the names of the services with TCP ports on the internet: <service>.<domain>, unless a route has it."""
    if zone is None:
        return ()
    names = {f"{service.name}.{_domain(stack, zone)}" for service in entrances.public_services(stack)}
    return tuple(sorted(names - set(entrances.public_hosts(stack))))
