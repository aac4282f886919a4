"""`hashistack init`."""

from __future__ import annotations

from pathlib import Path

import click

from hashistack import discovery
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.descriptor.export.starter import READ, starter
from hashistack.diagnostics import Exit, UsageProblem
from hashistack.messages import usage as say
from hashistack.tree.write import new_file
from hashistack.views import init as view


@make(example="hashistack init\nhashistack init --name shop", exits=(Exit.DESCRIPTOR,))
@click.option("--name", metavar="NAME", help="The name of the app. Default: the name of this folder.")
def init(session: Session, name: str | None) -> None:
    """Write a descriptor for the app in this folder.

    Takes over what a Procfile and a compose file say, and explains in comments what else there is. Never overwrites.
    """
    folder = session.terminal.cwd
    for existing in discovery.NAMES:
        if (folder / existing).exists():
            raise UsageProblem(say.descriptor_exists(existing))
    texts = {known: text for known in READ if (text := _text(folder / known)) is not None}
    made = starter(texts, name or folder.name)
    new_file(folder / discovery.NAMES[0], made.text.encode())
    view.show(session.console, discovery.NAMES[0], made)


def _text(path: Path) -> str | None:
    """Return the text of a file without the mark that editors on Windows begin it with, or None if there is none."""
    try:
        return path.read_text(encoding="utf-8-sig") if path.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(say.nothing_to_read(path.name, str(error))) from None


command = init
