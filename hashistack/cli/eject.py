"""`hashistack eject`."""

from __future__ import annotations

import os
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import click

from hashistack import pipeline
from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.source import existing_folder
from hashistack.cli.terminal import Session, Terminal
from hashistack.messages import usage as say
from hashistack.tree import disk
from hashistack.tree import write as tree
from hashistack.views import eject as view


@make(example="hashistack eject stack/production/jobs/shop.nomad.hcl")
@click.argument("path", metavar="PATH")
@options.file
@options.output
def eject(session: Session, path: str, file: str | None, output: str | None) -> None:
    """Keep a rendered file as your own.

    Takes the generated header off PATH; render never touches the file again, nor makes it anew if you remove it.
    To give it back, remove PATH and its line under `ejected` in hashistack.lock.
    """
    folder = existing_folder(session.terminal, file, output)
    inner = _below(session.terminal, folder, path)
    wait = partial(session.console.note, say.WAITING)
    with tree.alone(folder, wait) if disk.is_folder(folder) else nullcontext():
        pipeline.eject(folder, inner)
    view.show(session.console, os.path.relpath(folder, session.terminal.cwd), inner)


def _below(terminal: Terminal, folder: Path, path: str) -> str:
    """Return `path` relative to the output folder, however it was given: from there or from the current folder."""
    root = disk.root(folder)
    given = terminal.cwd / path
    real = Path(os.path.realpath(given.parent), given.name)  # the last part may be a link, and stays one
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else path


command = eject
