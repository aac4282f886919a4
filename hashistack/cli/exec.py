"""`hashistack exec`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

import click

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import BackendError, Exit, UsageProblem
from hashistack.messages import stand_in_upkeep as say

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.backends.exec import Task
    from hashistack.model import Stack


@make(
    example="hashistack exec web -e factory -- python manage.py check\nhashistack exec db -- sh /local/report.sh",
    exits=(Exit.DESCRIPTOR, Exit.UNAVAILABLE),
)
@options.file
@options.required_environment
@click.argument("name", metavar="NAME")
@click.argument("arguments", metavar="-- COMMAND...", nargs=-1)
def _exec(
    session: Session, file: str | None, environment: str | None, name: str, arguments: tuple[str, ...]
) -> Exit:
    """Run a command in an instance of a process, or in a member of a backing service.

    NAME is a process or a backing service of the descriptor. The instance is a healthy one; of a service, the member
    that leads. What is piped in becomes the command's standard input, and the command's exit code becomes that of
    hashistack. There is no terminal: for an interactive shell use `nomad alloc exec`. The image needs /bin/sh.
    """
    from hashistack import pipeline, targets
    from hashistack.backends.exec import Exec
    from hashistack.cli.source import chosen, source

    descriptor = source(session.terminal, file)
    stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
    if not arguments:
        raise UsageProblem(say.command_needed(name))
    cluster = targets.connect(stack, session.terminal.environ)
    stdin = session.terminal.stdin
    code = Exec(cluster.nomad.endpoint).run(
        _task(cluster, stack, name),
        arguments,
        out=_sink(session.terminal.stdout),
        err=_sink(session.terminal.stderr),
        # The buffer in front of it would be locked by whoever waits for input while this program ends.
        stdin=None if stdin.isatty() else getattr(stdin, "raw", stdin),
    )
    raise click.exceptions.Exit(code)


command = _exec


def _task(cluster: Cluster, stack: Stack, name: str) -> Task:
    """Return where the command runs; raise where there is no such process or service, or nothing of it runs."""
    from hashistack.backends.exec import Task
    from hashistack.backends.reports import Reports
    from hashistack.plan.report import askable
    from hashistack.plan.stand_ins import stand_ins

    services = {each.name: each for each in stand_ins(stack)}
    if name in services:
        found = Reports(cluster.nomad).instances(services[name])
    elif name in {process.name for process in stack.processes}:
        every = askable(cluster.nomad.allocations(stack.app))
        found = [Task(each["ID"], name) for each in every if each["TaskGroup"] == name]
    else:
        known = [*services, *(process.name for process in stack.processes)]
        raise UsageProblem(say.unknown_name(name, sorted(known)))
    if not found:
        raise BackendError(say.nothing_runs(name))
    return found[0]


def _sink(stream: TextIO) -> Callable[[bytes], object]:
    """Return what hands bytes on as they are and at once."""
    binary = getattr(stream, "buffer", None)

    def write(data: bytes) -> None:
        if binary is None:
            stream.write(data.decode(errors="backslashreplace"))
        else:
            binary.write(data)
            binary.flush()

    return write
