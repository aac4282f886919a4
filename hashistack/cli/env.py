"""`hashistack env`."""

from __future__ import annotations

from functools import partial

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, UsageProblem
from hashistack.messages import credentials as messages


@make(
    example='eval "$(hashistack env -e factory)"\nterraform -chdir=stack/factory/terraform apply',
    exits=(Exit.DESCRIPTOR, Exit.UNAVAILABLE),
)
@options.file
@options.required_environment
@options.output
def env(session: Session, file: str | None, environment: str | None, output: str | None) -> Exit:
    """Print the environment variables with which nomad, consul and terraform work on your own machines.

    They name addresses and certificates, hold the management tokens, and hand Terraform the values of its variables.
    The first call for an environment makes its credentials, for which the hosts have to answer SSH.
    """
    from hashistack import pipeline
    from hashistack.cli.source import chosen, output_folder, source
    from hashistack.plan.env import variables
    from hashistack.targets import Site, by_hand
    from hashistack.views import env as views

    descriptor = source(session.terminal, file)
    stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
    if stack.environment.target != "onprem":
        raise UsageProblem(messages.no_hosts(stack.environment.name, stack.environment.target))
    folder = output_folder(session.terminal, descriptor, output)
    report = partial(views.report, session.console)
    site = Site(stack, session.terminal.environ, descriptor.folder, folder, report)
    views.show(session.console, variables(by_hand.reach(site)))
    return Exit.DONE


command = env
