"""`hashistack render`."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from functools import partial

import click

from hashistack import pipeline, unchanged
from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.rendering import Rendering, prepare
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, HashistackError
from hashistack.messages import usage as say
from hashistack.tree import disk
from hashistack.tree import write as tree
from hashistack.tree.compare import Changes
from hashistack.tree.lock import NAME
from hashistack.views import render as view
from hashistack.views.console import Console
from hashistack.views.render import Outcome


@make(
    example="hashistack render\nhashistack render --check",
    exits=(Exit.CHANGES, Exit.CONFLICT, Exit.DESCRIPTOR),
)
@options.file
@options.environment
@options.output
@click.option("--check", is_flag=True, help="Write nothing; show the difference and exit 2 if there is one.")
@click.option("--force", is_flag=True, help="Overwrite edited files; what was there is kept as PATH.orig.")
def render(
    session: Session, file: str | None, environment: str | None, output: str | None, check: bool, force: bool
) -> Exit:
    """Write the files of every environment.

    All is checked before anything is written, and an edited file is never overwritten.
    """
    rendering = prepare(session.terminal, file, environment, output)
    with nullcontext() if check else tree.alone(rendering.folder, partial(session.console.note, say.WAITING)):
        outcome = rendering.outcome().forced() if force else rendering.outcome()
        code = _check(session.console, outcome) if check else _write(session.console, outcome, rendering)
    if code == Exit.DONE and file is environment is output is None:
        _remember(session, rendering, outcome)
    return code


def _check(console: Console, outcome: Outcome) -> Exit:
    code = _verdict(outcome.changes)
    view.pending(console, outcome, code)
    return code


def _verdict(changes: Changes) -> Exit:
    if changes.conflicts:
        return Exit.CONFLICT
    return Exit.DONE if changes.nothing_to_do else Exit.CHANGES


def _write(console: Console, outcome: Outcome, rendering: Rendering) -> Exit:
    if outcome.changes.conflicts:
        view.conflicts(console, outcome)
        return Exit.CONFLICT
    pipeline.write(outcome.changes, rendering.folder)
    view.written(console, outcome)
    return Exit.DONE


def _remember(session: Session, rendering: Rendering, outcome: Outcome) -> None:
    """Note down what a render without changes looks like, so that the next one can be answered at once."""
    with suppress(OSError, HashistackError):  # nobody asked for it, so nothing fails of it
        place = unchanged.place(str(session.terminal.cwd), session.terminal.environ)
        lock = disk.read(rendering.folder, NAME)
        if place is None or not isinstance(lock, bytes):
            return
        files = {change.path: change.new for change in outcome.changes.every if change.new is not None}
        record = unchanged.record(rendering.descriptor.text, {**files, NAME: lock}, view.unchanged(outcome))
        tree.cache_file(place, record)


command = render
