"""A file that was given to its user."""

from __future__ import annotations

from hashistack.diagnostics import Exit
from hashistack.views import human, json
from hashistack.views.console import Console


def show(console: Console, output: str, path: str) -> None:
    """Say whose the file is now."""
    if console.json:
        console.document(json.document(Exit.DONE, output=output, ejected=path))
    else:
        console.data(human.printable(f"{output}/{path} is yours now: render leaves it alone"))
