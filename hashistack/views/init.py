"""A descriptor that was just written."""

from __future__ import annotations

from hashistack.descriptor.export.starter import Starter
from hashistack.diagnostics import Exit
from hashistack.views import human, json
from hashistack.views.console import Console


def show(console: Console, file: str, starter: Starter) -> None:
    """Say what the descriptor was made from, what could not be taken over, and what to do next."""
    if console.json:
        console.document(
            json.document(Exit.DONE, file=file, source=starter.source, notes=list(starter.notes))
        )
        return
    console.data(f"wrote {file}" + (f", from {starter.source}" if starter.source else ""))
    for note in starter.notes:
        console.note(f"note: {human.printable(note)}")
    console.note("next: read it, then hashistack validate and hashistack render")
