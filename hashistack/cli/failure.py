"""The end of a command that nobody foresaw: wrong usage, an output that takes nothing more, a bug."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import click

from hashistack.cli.terminal import Terminal
from hashistack.diagnostics import Exit
from hashistack.messages import usage as say
from hashistack.tree.write import private_file
from hashistack.views import problems
from hashistack.views.console import Console

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def report(error: Exception, terminal: Terminal, arguments: Sequence[str]) -> Exit:
    """Tell the user about `error`, as a document if that was asked for, and return the exit code."""
    given = set(arguments)
    console = terminal.console(
        json="--json" in given, quiet=False, verbose=bool({"-v", "--verbose"} & given), no_color=False
    )
    match error:
        case click.ClickException():
            return _usage(error, console)
        case BrokenPipeError():
            _discard_output()
            return Exit.FAILED
        case OSError(filename=None, errno=number) if number in _NO_ROOM:  # a file's would have its name
            return _no_room(error, console)
        case _:
            return _bug(error, console)


def _usage(error: click.ClickException, console: Console) -> Exit:
    if console.json:
        problems.show(console, (say.wrong_usage(error.format_message()),), Exit.USAGE)
    else:
        error.show(file=console.stderr)
    return Exit.USAGE


def _no_room(error: OSError, console: Console) -> Exit:
    """Say so on stderr, which may be as full as stdout."""
    with suppress(OSError):
        problems.show(replace(console, json=False), (say.no_room(error.strerror or ""),), Exit.FAILED)
    _discard_output()
    return Exit.FAILED


def _bug(error: Exception, console: Console) -> Exit:
    text = "".join(traceback.format_exception(error))
    place = ""
    if not console.verbose:
        with suppress(OSError):
            place = private_file("hashistack-bug-", text)
    if not place:
        console.problem(text)
    problems.show(console, (say.bug(error, place),), Exit.BUG)
    return Exit.BUG


def _discard_output() -> None:
    """Point the streams at nothing, so that the interpreter's last flush does not fail again."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
