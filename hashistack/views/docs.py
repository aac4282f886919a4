"""The help on a key."""

from __future__ import annotations

from hashistack.diagnostics import Exit
from hashistack.views import json
from hashistack.views.console import Console


def show(console: Console, key: str, text: str) -> None:
    """Print what there is to know about `key`."""
    if console.json:
        console.document(json.document(Exit.DONE, key=key, text=text))
    else:
        console.data(text)
