"""`hashistack init-state`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.question import agreed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, UsageProblem
from hashistack.messages import state as messages

if TYPE_CHECKING:
    from hashistack.model import Stack


@make(
    example="hashistack init-state -e production",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE),
)
@options.file
@options.required_environment
@options.yes
@click.option("--bucket", metavar="NAME", help="The bucket. Default: the descriptor's, or APP-state-ACCOUNT.")
def init_state(
    session: Session, file: str | None, environment: str | None, yes: bool, bucket: str | None
) -> Exit:
    """Make the S3 bucket that keeps Terraform's state, so that several people can work on one environment.

    It has versions, encryption and no public access, takes requests by TLS alone, and ends old versions after 90 days.
    One bucket serves any number of apps and environments. Run again, it turns on what is missing; a bucket of another
    account is refused. Prints what to put into the descriptor.
    """
    from hashistack import pipeline
    from hashistack.backends import aws_state
    from hashistack.backends.aws import Aws
    from hashistack.cli.source import chosen, source
    from hashistack.plan.state_bucket import NEW, lacks, place
    from hashistack.views import init_state as views

    descriptor = source(session.terminal, file)
    stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
    account = _account(stack)
    wanted = place(stack, account, bucket)
    aws = Aws(wanted.region)
    found = aws_state.look(aws, wanted, account)
    settings = tuple(lacks(found or NEW, wanted))
    if found is None:
        aws_state.create(aws, wanted)
    elif settings:
        question = f"Bucket {wanted.bucket} exists. Turn on: {', '.join(settings)}?"
        if not agreed(session, question, messages.confirmation_needed(wanted.bucket), yes=yes):
            return Exit.FAILED
    aws_state.turn_on(aws, wanted, found or NEW, settings)
    views.show(session.console, stack, wanted, settings, created=found is None)
    return Exit.DONE


command = init_state


def _account(stack: Stack) -> str:
    """Return the account of the credentials; it must be the one that the descriptor says."""
    from hashistack.backends.aws import Aws
    from hashistack.diagnostics import BackendError
    from hashistack.messages import aws_errors

    environment = stack.environment
    if environment.cloud is None:
        raise UsageProblem(messages.only_aws(environment.name, environment.target))
    account = Aws(environment.region or "").account()
    if environment.cloud.account not in (None, account):
        raise BackendError(aws_errors.wrong_account(account, environment.cloud.account, environment.name))
    return account
