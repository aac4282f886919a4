"""A descriptor without mistakes, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic, Exit
from hashistack.model import Application, Stack
from hashistack.views import human, json
from hashistack.views.console import Console


def show(console: Console, file: str, application: Application, warnings: Sequence[Diagnostic]) -> None:
    """Print the warnings, then what the descriptor describes."""
    if console.json:
        content = [_environment(stack) for stack in application.stacks]
        console.document(
            json.document(Exit.DONE, warnings, file=file, app=application.name, environments=content)
        )
        return
    for warning in warnings:
        console.note(human.diagnostic(warning, console.ink_stderr))
    names = ", ".join(stack.environment.name for stack in application.stacks)
    console.data(f"{human.printable(file)} is valid: {application.name} in {names}")


def _environment(stack: Stack) -> dict[str, object]:
    return {
        "name": stack.environment.name,
        "target": stack.environment.target,
        "processes": [process.name for process in stack.processes],
        "scheduled": [process.name for process in stack.scheduled],
        "backing_services": [service.name for service in stack.backing_services],
    }
