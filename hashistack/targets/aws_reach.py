"""The way to the servers in AWS: through Session Manager, or where NOMAD_ADDR and CONSUL_HTTP_ADDR say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from hashistack.backends.aws_tunnel import Tunnel, check_programs
from hashistack.backends.cluster import Cluster, open_secured
from hashistack.backends.endpoint import Endpoint, consul_endpoint, nomad_endpoint
from hashistack.backends.patience import until
from hashistack.backends.servers import (
    CONSUL_PORT,
    NOMAD_PORT,
    Bases,
    consul_servers,
    knows_leader,
    listens,
    nomad_servers,
)
from hashistack.credentials.values import Secrets
from hashistack.diagnostics import BackendError, DeployError, Diagnostic, UsageProblem
from hashistack.messages import aws as messages
from hashistack.messages import credentials as credentials_messages
from hashistack.plan.progress import Waiting
from hashistack.targets.aws_ground import Ground

BOOT_SECONDS = 900.0  # an instance starts in a minute, installs in two, and Session Manager knows it then
_QUICK_SECONDS = 30.0  # for servers that have been there for long
_TICK = 2.0


class _Way(NamedTuple):
    """How one API is reached: the variable that may name its address, and its port on a server."""

    variable: str
    read: Callable[[Mapping[str, str]], Endpoint]
    port: int


_WAYS = (
    _Way("NOMAD_ADDR", nomad_endpoint, NOMAD_PORT),
    _Way("CONSUL_HTTP_ADDR", consul_endpoint, CONSUL_PORT),
)


def check_way(ground: Ground) -> None:
    """Raise where no way can lead to the servers from this machine; asked before anything is made."""
    if len(_given(ground)) < len(_WAYS):
        check_programs()


def connect(ground: Ground, secrets: Secrets) -> Cluster:
    """Open the cluster as it is; raise where there is none."""
    if not _given(ground) and not ground.instances.of("server"):
        raise BackendError(messages.nothing_there(ground.name))
    return open_secured(bases(ground, _QUICK_SECONDS), ground.folder, secrets)


def await_cluster(ground: Ground, secrets: Secrets, patience: float = BOOT_SECONDS) -> Cluster:
    """Wait until the servers have been started and have found leaders, and open the cluster."""
    if not _given(ground):
        await_servers(ground, patience)
    found = bases(ground, patience)
    await_leaders(ground, found, secrets)
    return open_secured(found, ground.folder, secrets)


def await_servers(ground: Ground, patience: float) -> None:
    """Wait until Auto Scaling has started the servers."""
    servers = ground.stack.environment.servers
    wanted = servers.count if servers else 1
    waiting = f"{wanted} servers to start"
    if (there := await_enough(ground, wanted, lambda: len(names(ground)), waiting, patience)) < wanted:
        raise DeployError(messages.servers_late(wanted, there, patience))


def await_enough(ground: Ground, wanted: int, count: Callable[[], int], waiting: str, patience: float) -> int:
    """Wait until there are enough of something, telling how many there are; return how many came to be in time."""
    told: list[int] = []

    def enough() -> bool:
        there = count()
        if there < wanted and told[-1:] != [there]:
            ground.report(Waiting(f"{waiting} ({there} do)"))
        told.append(there)
        return there >= wanted

    until(enough, patience, _TICK)
    return told[-1]


def await_leaders(ground: Ground, found: Bases, secrets: Secrets) -> None:
    """Wait until a server of each product answers and knows who leads."""
    for product, servers in (("Consul", consul_servers), ("Nomad", nomad_servers)):
        endpoints = servers(found, ground.folder, secrets)
        if not any(map(knows_leader, endpoints)):
            ground.report(Waiting(f"{product} to answer and to elect a leader"))
            _await(endpoints, credentials_messages.no_leader_yet(product, BOOT_SECONDS))


def bases(ground: Ground, patience: float) -> Bases:
    """Open the ways to both APIs; they are closed when this process ends."""
    given = _given(ground)
    tunnels = {
        way: Tunnel(ground.aws.region, way.port, partial(names, ground))
        for way in _WAYS
        if way.variable not in given
    }
    if tunnels:
        ground.report(Waiting("Session Manager to lead to a server"))
        _open(tuple(tunnels.values()), patience)
    nomad, consul = (
        tunnels[way].address if way in tunnels else _checked(way.variable, way.read(ground.environ))
        for way in _WAYS
    )
    return Bases(
        (nomad,), (consul,), nomad_name="server.global.nomad", consul_name=f"server.{ground.name}.consul"
    )


def names(ground: Ground) -> tuple[str, ...]:
    """Return the servers that can be asked, those in service first."""
    found = [each for each in ground.instances.of("server") if not each.leaving]
    return tuple(each.name for each in sorted(found, key=lambda each: not each.in_service))


def _given(ground: Ground) -> tuple[str, ...]:
    """Return the variables that name an address which answers; one that leads nowhere is `hashistack env`'s own."""
    environ = ground.environ
    return tuple(way.variable for way in _WAYS if environ.get(way.variable) and listens(way.read(environ)))


def _checked(variable: str, endpoint: Endpoint) -> str:
    if not endpoint.secure:
        raise UsageProblem(messages.plain_address(variable, endpoint.url))
    return endpoint.url


def _open(tunnels: Sequence[Tunnel], patience: float) -> None:
    """Open tunnels at the same time; where one cannot be had, or nobody waits any more, none is left."""
    with ThreadPoolExecutor(max_workers=len(tunnels)) as pool:
        try:
            for opening in [pool.submit(tunnel.open, patience) for tunnel in tunnels]:
                opening.result()
        except BaseException:
            for tunnel in tunnels:
                tunnel.close()
            raise


def _await(endpoints: Sequence[Endpoint], otherwise: Diagnostic) -> None:
    if not until(lambda: any(map(knows_leader, endpoints)), BOOT_SECONDS, _TICK):
        raise BackendError(otherwise)
