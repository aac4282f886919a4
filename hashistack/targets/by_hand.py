"""The steps of `onprem` one at a time, for those who start terraform and nomad themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hashistack.backends import hosts as ssh
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.servers import consul_servers, first_answering, nomad_servers, on_hosts
from hashistack.credentials.complete import complete
from hashistack.credentials.values import Credentials
from hashistack.diagnostics import BackendError
from hashistack.messages import hosts as messages
from hashistack.plan.env import Reach
from hashistack.plan.hosts import without_tokens
from hashistack.targets import Site
from hashistack.targets.ground import Ground, complete_credentials, known_keys, locked, look, survey
from hashistack.targets.onprem import bootstrap, connect_to

_QUICK_SECONDS = 1.0  # for a server to answer a shell that waits for its variables


def bootstrapped(site: Site) -> None:
    """Begin access control in a cluster that Terraform has started; `up` does it too."""
    ground = survey(site)
    if ground.folder.read().secrets is None:
        name = site.stack.environment.name
        raise BackendError(messages.no_credentials(site.stack.app, name, str(ground.folder.path)))
    with locked(ground):
        credentials = current_credentials(ground)
        lacking = without_tokens(ssh.gather(ground.ways))
        bootstrap(ground, credentials, connect_to(ground, credentials), lacking)


def reach(site: Site) -> Reach:
    """Return how other programs reach the cluster; its credentials are made first where some are missing."""
    ground = survey(site)
    secrets, folder = current_credentials(ground).secrets, ground.folder
    bases = on_hosts(site.stack)
    certificate, key = folder.operator
    return Reach(
        nomad=_any_of(nomad_servers(bases, folder, secrets)),
        consul=_any_of(consul_servers(bases, folder, secrets)),
        authority=str(folder.authority),
        certificate=str(certificate),
        key=str(key),
        variables=str(folder.variables),
        nomad_token=secrets.nomad_management,
        consul_token=secrets.consul_management,
    )


def current_credentials(ground: Ground) -> Credentials:
    """Return the credentials; hosts are looked at only where something has to be made, or a host is not known yet."""
    done = complete(ground.folder.read(), ground.stack, datetime.now(UTC))
    strangers = {host.name for host in ground.stack.environment.hosts} - set(known_keys(ground))
    if done.changed or strangers:
        return complete_credentials(ground, look(ground))
    return done.credentials


def _any_of(servers: Sequence[Endpoint]) -> str:
    """Return the address of a server that answers, of the first if none does: there may be no cluster yet."""
    try:
        return first_answering(servers, patience=_QUICK_SECONDS).url
    except BackendError:
        return servers[0].url
