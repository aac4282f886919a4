"""The question before what cannot be undone."""

from __future__ import annotations

import click

from hashistack.cli.terminal import Session
from hashistack.diagnostics import Diagnostic, UsageProblem
from hashistack.views.question import declined


def agreed(session: Session, question: str, unasked: Diagnostic, *, yes: bool) -> bool:
    """Ask, unless ``--yes`` has answered; raise `unasked` where nobody is there to be asked."""
    if yes:
        return True
    if not session.terminal.asks:
        raise UsageProblem(unasked)
    answer = click.confirm(question, err=True)
    if not answer:
        declined(session.console)
    return answer
