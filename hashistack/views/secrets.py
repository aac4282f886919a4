"""Print secrets by name; there is no way to print a value."""

from __future__ import annotations

from dataclasses import asdict

from hashistack.diagnostics import Exit
from hashistack.plan.secret_store import Listed
from hashistack.views import human, json
from hashistack.views.console import Console


def show(console: Console, secrets: tuple[Listed, ...]) -> None:
    """Print which secrets there are and which have a value."""
    if console.json:
        console.document(json.document(Exit.DONE, secrets=[asdict(secret) for secret in secrets]))
        return
    rows = [
        (secret.name, "set" if secret.set else "not set", "" if secret.declared else "not in the descriptor")
        for secret in secrets
    ]
    if rows:
        console.data(human.table(rows, header=("secret", "value", ""), ink=console.ink))
    else:
        console.note("the descriptor names no secrets")


def stored(console: Console, name: str) -> None:
    """Say that a value was stored."""
    _said(console, f"stored {name}", name, is_set=True)


def unset(console: Console, name: str, *, was_set: bool) -> None:
    """Say that a value is gone, or that there was none."""
    _said(console, f"deleted the value of {name}" if was_set else f"{name} has no value", name, is_set=False)


def _said(console: Console, text: str, name: str, *, is_set: bool) -> None:
    if console.json:
        console.document(json.document(Exit.DONE, name=name, set=is_set))
    else:
        console.note(text)
