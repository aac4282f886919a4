"""Print environment variables for a shell, or as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hashistack.diagnostics import Exit
from hashistack.plan.env import exports
from hashistack.plan.progress import Event, Warned
from hashistack.views import json, problems
from hashistack.views.cluster_events import event_lines
from hashistack.views.console import Console


def show(console: Console, variables: Mapping[str, str], ways: Sequence[str] = ()) -> None:
    """Print the variables, secrets are among them; `ways` are commands that have to run meanwhile."""
    if console.json:
        console.document(json.document(Exit.DONE, variables=dict(variables), ways=list(ways)))
        return
    console.data(exports(variables))
    if ways:
        console.note("the addresses lead to a server as long as these run, each in a terminal of its own:")
    for way in ways:
        console.note(f"  {way}")


def report(console: Console, event: Event) -> None:
    """Say on stderr what happens on the way: stdout goes to a shell."""
    if isinstance(event, Warned):
        problems.notices(console, (event.diagnostic,))
        return
    for line in event_lines(event, console.ink_stderr):
        console.note(line)
