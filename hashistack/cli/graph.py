"""`hashistack graph`."""

from __future__ import annotations

import click

from hashistack import pipeline
from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.source import chosen, source
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit
from hashistack.views import graph as view


@make(
    example="hashistack graph -e production\nhashistack graph --format dot | dot -Tsvg > shop.svg",
    exits=(Exit.DESCRIPTOR,),
)
@options.file
@options.required_environment
@click.option(
    "--format", type=click.Choice(["mermaid", "dot"]), default="mermaid", help="The language of the diagram."
)
def graph(session: Session, file: str | None, environment: str | None, format: str) -> None:
    """Draw an environment as a diagram: what comes in, the processes, what they use.

    Mermaid shows up as a drawing in Markdown on most code hosts.
    """
    descriptor = source(session.terminal, file)
    stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
    view.show(session.console, stack, format)


command = graph
