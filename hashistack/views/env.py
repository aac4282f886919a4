"""Print environment variables for a shell, or as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping

from hashistack.diagnostics import Exit
from hashistack.plan.env import exports
from hashistack.plan.progress import Event, Warned
from hashistack.views import json, problems
from hashistack.views.cluster_events import event_lines
from hashistack.views.console import Console


def show(console: Console, variables: Mapping[str, str]) -> None:
    """Print the variables; secrets are among them."""
    if console.json:
        console.document(json.document(Exit.DONE, variables=dict(variables)))
    else:
        console.data(exports(variables))


def report(console: Console, event: Event) -> None:
    """Say on stderr what happens on the way: stdout goes to a shell."""
    if isinstance(event, Warned):
        problems.notices(console, (event.diagnostic,))
        return
    for line in event_lines(event, console.ink_stderr):
        console.note(line)
