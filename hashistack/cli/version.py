"""`hashistack version`."""

from __future__ import annotations

from hashistack import __version__
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit
from hashistack.views import json


@make(example="hashistack version")
def version(session: Session) -> Exit:
    """Print the version of hashistack."""
    console = session.console
    if console.json:
        console.document(json.document(Exit.DONE, version=__version__))
    else:
        console.data(f"hashistack {__version__}")
    return Exit.DONE


command = version
