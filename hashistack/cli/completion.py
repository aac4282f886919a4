"""`hashistack completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session


@make(example='eval "$(hashistack completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(session: Session, shell: str) -> None:
    """Print the completion script of a shell; put the example's line into your shell's start file."""
    kind = get_completion_class(shell)
    root = click.get_current_context().find_root()
    if kind is not None:
        session.console.data(kind(root.command, {}, "hashistack", "_HASHISTACK_COMPLETE").source())


command = completion
