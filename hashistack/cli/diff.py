"""`hashistack diff`."""

from __future__ import annotations

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.rendering import prepare
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit
from hashistack.views import render as view


@make(example="hashistack diff\nhashistack diff -e production", exits=(Exit.DESCRIPTOR,))
@options.file
@options.environment
@options.output
def diff(session: Session, file: str | None, environment: str | None, output: str | None) -> None:
    """Show what render would change, as a unified diff.

    Writes nothing. For scripts: `hashistack render --check` shows the same and exits 2 if there is a difference.
    """
    rendering = prepare(session.terminal, file, environment, output)
    view.pending(session.console, rendering.outcome(), Exit.DONE)


command = diff
