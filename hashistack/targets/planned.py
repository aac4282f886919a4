"""What `up` would do below the jobs: Terraform is asked, and nothing but the operator's own folder is written."""

from __future__ import annotations

from hashistack.backends import terraform
from hashistack.plan.changes import Summary, summarise
from hashistack.plan.progress import Waiting
from hashistack.plan.terraform import Step
from hashistack.targets import Site


def in_aws(site: Site) -> Summary:
    """Return what Terraform would do in the account; raise with all that is in the way there."""
    from hashistack.targets.aws import variables_of
    from hashistack.targets.aws_ground import look, survey, write_variables

    ground = survey(site.stack, site.environ, site.report)
    look(ground)
    ground.mirror.fetch()
    variables = write_variables(ground, variables_of(ground, handed_in=False))
    out = ground.folder.path / "terraform.plan"
    ground.report(Waiting("Terraform to compare AWS with the descriptor"))
    try:
        return summarise(terraform.planned(site.terraform, variables, out, ground.report, ground.explain))
    finally:
        terraform.remove_plan(out)


def on_hosts(site: Site) -> tuple[Step, ...]:
    """Return what Terraform would do on each host; raise with all that is in the way on them."""
    from hashistack.plan.hosts import to_do_again
    from hashistack.targets.ground import complete_credentials, look, survey

    ground = survey(site)
    facts = look(ground)
    complete_credentials(ground, facts)
    return terraform.plan(site.terraform, ground.folder.variables, to_do_again(facts))
