"""Where a command works: the stack that -e names, its rendered files, and who agrees to what Terraform will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from hashistack.cli.terminal import Session
from hashistack.diagnostics import UsageProblem
from hashistack.messages import aws as messages
from hashistack.messages.usage import WAITING

if TYPE_CHECKING:
    from hashistack.model import Stack
    from hashistack.plan.progress import Event
    from hashistack.targets import Site
    from hashistack.views.cluster_events import EventView

Report = Callable[["Event"], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that say which environment is meant, and where its files are."""

    file: str | None
    environment: str | None
    output: str | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A site whose files are written; `files` are its contents by path, ejected ones as their user left them."""

    site: Site
    files: Mapping[str, bytes]


def existing(session: Session, asked: Asked, report: Report) -> Site:
    """Return the site of a stack; its files are left as they are."""
    from hashistack import pipeline
    from hashistack.cli.source import chosen, output_folder, source
    from hashistack.targets import Site

    descriptor = source(session.terminal, asked.file)
    stack = chosen(pipeline.load(descriptor.text, descriptor.file), asked.environment)
    folder = output_folder(session.terminal, descriptor, asked.output)
    return Site(stack, session.terminal.environ, descriptor.folder, folder, report)


def rendered(
    session: Session, asked: Asked, view: EventView, check: Callable[[Stack], object], *, write: bool = True
) -> Rendered:
    """Render the environment, write its files unless told otherwise, and return its site.

    `check` raises where the command cannot do anything with the stack; nothing is written then.
    """
    from hashistack import pipeline
    from hashistack.cli.source import chosen, output_folder, source
    from hashistack.targets import Site
    from hashistack.tree import write as tree

    descriptor = source(session.terminal, asked.file)
    read = pipeline.read(descriptor.text, descriptor.file)
    stack = chosen(read.application, asked.environment)
    check(stack)
    name = stack.environment.name
    built = pipeline.build(read.application, [name])
    view.notices((*descriptor.warnings, *read.warnings, *built.notices))
    folder = output_folder(session.terminal, descriptor, asked.output)
    wait = partial(session.console.note, WAITING)
    with tree.alone(folder, wait) if write else nullcontext():
        changes = pipeline.compare(built.files, folder, [name])
        if write:
            pipeline.write(changes, folder)
    kept = changes.lock.ejected
    files = {f.path: (folder / f.path).read_bytes() if f.path in kept else f.content for f in built.files}
    return Rendered(Site(stack, session.terminal.environ, descriptor.folder, folder, view.report), files)


def check_agreement(session: Session, stack: Stack, command: str, *, yes: bool) -> None:
    """Raise where a command would have to ask before it changes an account of AWS, and nobody is there."""
    if stack.environment.target == "aws" and not yes and not session.terminal.asks:
        raise UsageProblem(messages.needs_yes(command, stack.environment.name))


def agreement(session: Session, stack: Stack, *, yes: bool) -> Callable[[Mapping[str, Any]], bool]:
    """Return who shows what Terraform will do in AWS, and asks."""

    def approve(plan: Mapping[str, Any]) -> bool:
        from hashistack.plan.changes import summarise
        from hashistack.views.plan import show_changes

        summary = summarise(plan)
        show_changes(session.console, summary, stack.environment.name)
        if yes or not summary.pending:
            return True
        return click.confirm(f"Do this in {stack.environment.name}?", err=True)

    return approve
