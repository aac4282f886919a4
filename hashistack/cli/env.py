"""`hashistack env`."""

from __future__ import annotations

from functools import partial

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit


@make(
    example='eval "$(hashistack env -e factory)"\nterraform -chdir=stack/factory/terraform apply',
    exits=(Exit.DESCRIPTOR, Exit.UNAVAILABLE),
)
@options.file
@options.required_environment
@options.output
def env(session: Session, file: str | None, environment: str | None, output: str | None) -> Exit:
    """Print the environment variables with which nomad, consul and terraform work on a secured cluster.

    They name addresses and certificates, hold the management tokens, and hand Terraform the values of its variables.
    The first call for an environment makes its credentials, for which hosts of one's own have to answer SSH. For AWS
    it also names, on stderr, the commands that lead to a server while they run.
    """
    from hashistack import targets
    from hashistack.plan.env import variables
    from hashistack.views import env as views

    site = sites.existing(
        session, sites.Asked(file, environment, output), partial(views.report, session.console)
    )
    reach = targets.reach(site)
    views.show(session.console, variables(reach), reach.ways)
    return Exit.DONE


command = env
