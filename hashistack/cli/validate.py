"""`hashistack validate`."""

from __future__ import annotations

from hashistack import pipeline
from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.source import source
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit
from hashistack.views import validate as view


@make(example="hashistack validate\ncat hashistack.yaml | hashistack validate -f -", exits=(Exit.DESCRIPTOR,))
@options.file
def validate(session: Session, file: str | None) -> None:
    """Show every mistake of the descriptor.

    Each comes with its line and what to write instead; warnings do not make a descriptor invalid.
    """
    descriptor = source(session.terminal, file)
    read = pipeline.read(descriptor.text, descriptor.file)
    view.show(session.console, descriptor.file, read.application, (*descriptor.warnings, *read.warnings))


command = validate
