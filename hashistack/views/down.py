"""Print what `down` removes."""

from __future__ import annotations

from hashistack.plan.removal import Removal
from hashistack.views.console import Console
from hashistack.views.up import describe


def show_removal(console: Console, removal: Removal) -> None:
    """Print each step that `down` is about to take; JSON shows them as they happen."""
    if console.json:
        return
    for step in removal.plan.steps:
        console.note(describe(step))


def nothing(console: Console, app: str, environment: str) -> None:
    """Say that there is nothing of the app to remove."""
    if not console.json:
        console.note(f"nothing of {app} in {environment} to remove")
