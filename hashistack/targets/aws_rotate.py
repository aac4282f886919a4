"""A new login for a service that AWS runs.

The new one is remembered first, so that a run that is interrupted is finished by the next `up`: AWS takes it beside the
old one where it can (access keys, AUTH tokens), the app is handed it, and the old one ends. A database has one password
at a time: from Terraform's change until the app's processes have started again, new connections are refused.
"""

from __future__ import annotations

from hashistack.backends import terraform
from hashistack.backends.aws_services import renew
from hashistack.diagnostics import UsageProblem
from hashistack.messages import aws_services as messages
from hashistack.plan.services import ManagedService, managed_services
from hashistack.targets import Site
from hashistack.targets.aws import announce, apply
from hashistack.targets.aws_ground import known_credentials, locked, survey
from hashistack.targets.aws_reach import connect


def rotated(site: Site, name: str) -> ManagedService:
    """Change the login of a service, hand it to the app, and return the service."""
    ground = survey(site.stack, site.environ, site.report)
    with locked(ground):
        credentials = known_credentials(ground)
        ground.mirror.fetch()  # somebody else may have changed logins since
        terraform.prepare(site.terraform, ground.explain)
        service = _chosen(site, name)
        cluster = connect(ground, credentials.secrets)  # nothing is changed that could not be handed over
        if service.kind == "password":
            renew(ground.mirror.local(), service)  # AWS hears of it once the plan has been agreed to
            apply(ground, site, credentials)
        else:
            renew(ground.mirror, service)
        announce(ground, cluster, terraform.outputs(site.terraform))
    return service


def _chosen(site: Site, name: str) -> ManagedService:
    outputs = terraform.outputs(site.terraform).get("backing_services") or {}
    services = {each.name: each for each in managed_services(outputs) if each.kind != "none"}
    if name not in services:
        raise UsageProblem(messages.nothing_to_rotate(name, tuple(services)))
    return services[name]
