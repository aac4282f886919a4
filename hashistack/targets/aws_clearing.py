"""Take an environment out of AWS: what is lost is told first, processes end in order, Terraform destroys the rest."""

from __future__ import annotations

from functools import partial

from hashistack.backends import terraform
from hashistack.backends.aws_contents import contents
from hashistack.backends.state import remove_folder
from hashistack.diagnostics import ConflictError
from hashistack.messages import aws as messages
from hashistack.plan.losses import Losses, records_of_others
from hashistack.plan.losses import losses as read_losses
from hashistack.plan.progress import Removed, Waiting, Warned
from hashistack.targets import Site
from hashistack.targets.aws import listing_what_is_there, variables_of
from hashistack.targets.aws_ground import (
    Ground,
    known_credentials,
    locked,
    refuse_other_state,
    survey,
    write_variables,
)
from hashistack.targets.aws_reach import connect
from hashistack.targets.clearing import stop_jobs


def losses(site: Site) -> Losses:
    """Return what there is and what would be lost; raise where something is protected against that."""
    ground = survey(site.stack, site.environ, site.report)
    ground.aws.account()
    ground.report(Waiting("Terraform to tell what there is"))
    terraform.prepare(site.terraform, ground.explain)
    found = read_losses(terraform.shown(site.terraform), partial(contents, ground.aws))
    refuse_other_state(ground, found.resources)
    if found.guarded:
        raise ConflictError(messages.protected(found.guarded, ground.name))
    return found


def nothing_left(site: Site, found: Losses) -> bool:
    """Tell whether there is nothing of the environment in AWS, neither resources nor secrets."""
    ground = survey(site.stack, site.environ, site.report)
    return not found.resources and not ground.store.read_below("")


def cleared(site: Site, *, purge: bool) -> None:
    """Destroy everything that Terraform made, and the parameters; with `purge` this machine's credentials too."""
    ground = survey(site.stack, site.environ, site.report)
    with locked(ground):
        if ground.instances.of("server"):
            stop_jobs(
                lambda: connect(ground, known_credentials(ground).secrets), ground.stack.app, site.report
            )
        _destroy(ground, site)
        if names := ground.store.remove_below():
            ground.report(Removed(f"{len(names)} parameters", f"below {ground.store.path('')}"))
    if purge:
        remove_folder(ground.folder.path)


def leave_records(ground: Ground, site: Site) -> None:
    """Let the records of other platforms stay: they take the traffic now."""
    cloud = ground.stack.environment.cloud
    dns = cloud.dns if cloud else None
    if dns and (kept := records_of_others(dns, terraform.resources(site.terraform))):
        terraform.forget(site.terraform, kept)
        ground.report(Warned(messages.records_kept([each.name for each in dns.others], dns.zone)))


def _destroy(ground: Ground, site: Site) -> None:
    ground.mirror.fetch()
    leave_records(ground, site)
    variables = write_variables(ground, variables_of(ground, handed_in=False))
    with listing_what_is_there(ground, site):
        terraform.destroy(site.terraform, variables, ground.report, ground.explain)
