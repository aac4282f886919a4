"""Print what `init-state` made, and what to put into the descriptor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from hashistack.diagnostics import Exit
from hashistack.model import Stack, TerraformState
from hashistack.views import json
from hashistack.views.console import Console


def show(
    console: Console, stack: Stack, state: TerraformState, settings: Sequence[str], *, created: bool
) -> None:
    """Print what was done as notes, and the lines for the descriptor as data where it does not have them."""
    environment = stack.environment
    described = environment.cloud is not None and environment.cloud.state == state
    if console.json:
        console.document(
            json.document(
                Exit.DONE, state=asdict(state), created=created, turned_on=settings, described=described
            )
        )
        return
    if created:
        console.note(f"made bucket {state.bucket} in {state.region}")
    console.note(
        f"turned on: {', '.join(settings)}" if settings else f"bucket {state.bucket} has all it needs"
    )
    if described:
        console.note("the descriptor names it: `hashistack up` keeps Terraform's state there")
        return
    region = f", region: {state.region}" if state.region != environment.region else ""
    folder = f"stack/{environment.name}/terraform"
    console.note(
        "put this into the descriptor; a stack that is up already moves its state after `hashistack render`:"
    )
    console.note(f"`terraform -chdir={folder} init -migrate-state`")
    console.data(f"environments:\n  {environment.name}:\n    state: {{bucket: {state.bucket}{region}}}")
