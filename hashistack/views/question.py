"""Print what an answer means."""

from __future__ import annotations

from hashistack.views.console import Console


def declined(console: Console) -> None:
    """Say that the answer to the question was no."""
    if not console.json:
        console.note("nothing was changed")
