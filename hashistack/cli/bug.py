"""A bug of hashistack: a short message on the screen, the traceback in a file."""

from __future__ import annotations

import traceback

from hashistack.cli.terminal import Terminal
from hashistack.diagnostics import Exit
from hashistack.messages import usage as say
from hashistack.tree.write import private_file
from hashistack.views import problems


def report(error: Exception, terminal: Terminal, *, verbose: bool) -> Exit:
    """Tell the user about an unexpected `error` and where its traceback is."""
    console = terminal.console(json=False, quiet=False, verbose=verbose, no_color=False)
    text = "".join(traceback.format_exception(error))
    if verbose:
        console.problem(text)
        place = ""
    else:
        place = private_file("hashistack-bug-", text)
    problems.show(console, (say.bug(error, place),), Exit.BUG)
    return Exit.BUG
