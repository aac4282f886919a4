"""`hashistack docs`."""

from __future__ import annotations

import click

from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.descriptor.export.lookup import lookup
from hashistack.diagnostics import UsageProblem
from hashistack.messages import usage as say
from hashistack.views import docs as view


@make(example="hashistack docs processes.web.scale\nhashistack docs health")
@click.argument("key", metavar="[KEY]", default="")
def docs(session: Session, key: str) -> None:
    """Explain a key of the descriptor: its value, unit, default and an example.

    KEY is a dotted path or the end of one. Without KEY the keys of the top level are listed.
    """
    answer = lookup(key)
    if not answer.text:
        raise UsageProblem(say.unknown_key(key, answer.near))
    view.show(session.console, key, answer.text)


command = docs
