"""`hashistack secrets`: values live in a Nomad variable, never in a file, a log, a process list or a job."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.command import group
from hashistack.cli.frame import framed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, UsageProblem
from hashistack.messages import agents as limits
from hashistack.messages import aws_services as managed
from hashistack.messages import cluster as messages

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster, StateJournal
    from hashistack.model import Stack
    from hashistack.plan.sensitive import Sensitive
    from hashistack.views.cluster_events import EventView

_EXITS = (Exit.DESCRIPTOR, Exit.UNAVAILABLE)
_VARIABLE_BYTES = 64 * 1024  # all names and values of a Nomad variable together


@make(example='printf %s "$VALUE" | hashistack secrets set SESSION_KEY', exits=_EXITS)
@options.file
@options.required_environment
@click.argument("name")
def set_(session: Session, file: str | None, environment: str | None, name: str) -> Exit:
    """Store the value of a secret.

    The value is asked for on a terminal, and read from standard input otherwise, without one newline at its end. The
    processes that read it start again with the new value.
    """
    from hashistack.plan.dotenv import NAME
    from hashistack.plan.names import secrets_variable
    from hashistack.plan.secret_store import store
    from hashistack.views import secrets as views

    if not NAME.fullmatch(name):
        raise UsageProblem(messages.bad_secret_name(name))
    stack, cluster = _opened(session, file, environment)
    _warn(session, stack, name)
    store(cluster.nomad, _journal(cluster, stack), secrets_variable(stack.app), {name: _value(session, name)})
    views.stored(session.console, name)
    return Exit.DONE


@make(example="hashistack secrets list -e laptop", exits=_EXITS)
@options.file
@options.required_environment
def list_(session: Session, file: str | None, environment: str | None) -> Exit:
    """List the secrets by name and say which have a value; values are never shown."""
    from hashistack.plan.secret_store import listed
    from hashistack.views import secrets as views

    stack, cluster = _opened(session, file, environment)
    views.show(session.console, listed(cluster.nomad, stack))
    return Exit.DONE


@make(example="hashistack secrets unset SESSION_KEY", exits=_EXITS)
@options.file
@options.required_environment
@click.argument("name")
def unset(session: Session, file: str | None, environment: str | None, name: str) -> Exit:
    """Delete the value of a secret; one that has none is fine."""
    from hashistack.plan.secret_store import remove
    from hashistack.views import secrets as views

    stack, cluster = _opened(session, file, environment)
    views.unset(session.console, name, was_set=remove(cluster.nomad, stack.app, name))
    return Exit.DONE


@make(
    example="hashistack secrets rotate db -e production",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.output
@options.yes
@click.argument("name")
def rotate(
    session: Session, file: str | None, environment: str | None, output: str | None, yes: bool, name: str
) -> Exit:
    """Change the login of a backing service that AWS runs.

    Makes a new password, AUTH token or access key, hands it to the processes, which start again, and ends the old one.
    A database has one password at a time: until the processes have started again, new connections are refused.
    """
    asked = sites.Asked(file, environment, output)
    return framed(session, lambda view: _rotate(session, view, asked, name, yes=yes))


command = group(
    "secrets",
    summary="Set, list and unset the values of secrets; change logins of services.",
    commands=(set_, list_, unset, rotate),
)


def _rotate(session: Session, view: EventView, asked: sites.Asked, name: str, *, yes: bool) -> Exit:
    from hashistack.messages import stand_in_steps as refusals
    from hashistack.plan.stand_ins import stand_ins
    from hashistack.targets import aws_rotate

    def check(stack: Stack) -> None:
        if name in {each.name for each in stand_ins(stack)}:
            raise UsageProblem(refusals.not_rotated(name))
        if stack.environment.target != "aws":
            raise UsageProblem(managed.nothing_managed(stack.environment.name))
        sites.check_agreement(session, stack, f"secrets rotate {name}", yes=yes)

    site = sites.rendered(session, asked, view, check).site
    aws_rotate.rotated(replace(site, approve=sites.agreement(session, site.stack, yes=yes)), name)
    return Exit.DONE


def _opened(session: Session, file: str | None, environment: str | None) -> tuple[Stack, Cluster]:
    from hashistack import pipeline, targets
    from hashistack.cli.source import chosen, source

    descriptor = source(session.terminal, file)
    stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
    return stack, targets.connect(stack, session.terminal.environ)


def _journal(cluster: Cluster, stack: Stack) -> StateJournal:
    from hashistack.backends.cluster import StateJournal

    return StateJournal(cluster.state, stack.app, stack.environment.name)


def _warn(session: Session, stack: Stack, name: str) -> None:
    from hashistack.descriptor.suggest import closest
    from hashistack.plan.names import wanted_secrets
    from hashistack.views import problems

    wanted = wanted_secrets(stack)
    if name not in wanted:
        problems.notices(session.console, (messages.undeclared_secret(name, closest(name, wanted)),))


def _value(session: Session, name: str) -> Sensitive:
    from hashistack.plan.sensitive import Sensitive

    if session.terminal.asks:
        return Sensitive(click.prompt(name, hide_input=True, err=True))
    raw = session.terminal.stdin.read()
    text = _text(name, raw.removesuffix(b"\n").removesuffix(b"\r"))
    if not text:
        raise UsageProblem(messages.no_secret_value())
    return Sensitive(text)


def _text(name: str, raw: bytes) -> str:
    """Decode a value; anything else than text would be damaged on its way to the app."""
    if len(name) + len(raw) > _VARIABLE_BYTES:
        raise UsageProblem(limits.long_secret(name, len(raw)))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise UsageProblem(limits.binary_secret(name)) from None
    if "\0" in text:  # no environment variable can hold it
        raise UsageProblem(limits.binary_secret(name))
    return text
