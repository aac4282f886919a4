"""Print diagnostics: as text on stderr, or as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic, Exit
from hashistack.views import human, json
from hashistack.views.console import Console


def show(console: Console, diagnostics: Sequence[Diagnostic], code: Exit) -> None:
    """Print what ended a command, all of it, with the number of errors where there are several."""
    if console.json:
        console.document(json.document(code, diagnostics))
        return
    ink = console.ink_stderr
    for diagnostic in diagnostics:
        console.problem(human.diagnostic(diagnostic, ink))
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    if errors > 1:
        console.problem(ink(f"{errors} errors", "bold"))


def notices(console: Console, diagnostics: Sequence[Diagnostic]) -> None:
    """Print remarks that end nothing, one line each; JSON commands put them into their own document."""
    if not console.json:
        for line in human.notices(diagnostics):
            console.note(line)
