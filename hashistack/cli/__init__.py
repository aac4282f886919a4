"""The command line: one file per command, imported when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import cast

import click

from hashistack import __version__
from hashistack.cli.terminal import Terminal
from hashistack.diagnostics import Exit
from hashistack.messages import usage as say

SECTIONS = {
    "Describe and render": {
        "init": "Write a descriptor, from a Procfile or a compose file where there is one.",
        "validate": "Show every mistake of the descriptor.",
        "render": "Write the files of every environment.",
        "diff": "Show what render would change.",
        "eject": "Keep a rendered file as your own.",
    },
    "Run": {
        "init-state": "Make the bucket that keeps Terraform's state on AWS.",
        "plan": "Show what up would change, what it costs, and whether it finds room.",
        "up": "Bring an environment up, from nothing to an application that answers.",
        "bootstrap": "Turn on access control in a cluster of your own machines.",
        "env": "Print the environment variables for nomad, consul and terraform.",
        "status": "Show processes, versions, health and addresses.",
        "exec": "Run a command in a process or a backing service.",
        "secrets": "Set, list and unset the values of secrets; change logins of services.",
        "down": "Remove all that up made.",
    },
    "Look after a cluster": {
        "doctor": "Look at every host and server, and say how to mend what is wrong.",
        "backup": "Save the state of the servers, or what a backing service keeps.",
        "restore": "Put a backup in the place of what the servers have.",
        "replace-node": "Give up a machine that is gone, with its members of stand-ins.",
        "upgrade": "Bring other versions of Nomad and Consul to the hosts.",
    },
    "Look things up": {
        "docs": "Explain a key of the descriptor.",
        "graph": "Draw the application as a diagram.",
        "schema": "Print the JSON Schema of the descriptor, for editors.",
        "completion": "Print the completion script of a shell.",
        "version": "Print the version.",
    },
}
SUMMARIES = {name: summary for section in SECTIONS.values() for name, summary in section.items()}


class Commands(click.Group):
    """All commands by name; a command's module is imported only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help page."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return its `command`."""
        if cmd_name not in SUMMARIES:
            return None
        return cast(click.Command, import_module(f"hashistack.cli.{cmd_name.replace('-', '_')}").command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Look the command up; a name that is none gets the names that are most like it."""
        if args and args[0] not in SUMMARIES and not ctx.resilient_parsing:
            raise click.NoSuchCommand(args[0], possibilities=SUMMARIES, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing a single command."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.group(cls=Commands, epilog=say.HELP_EPILOG)
@click.version_option(__version__, message="%(prog)s %(version)s")
def hashistack() -> None:
    """Turn one file that describes an application into the jobs that run it."""


def main(arguments: Sequence[str], terminal: Terminal | None = None) -> int:
    """Run one command line and return its exit code (see `Exit`); nothing escapes but SystemExit of the interpreter."""
    try:
        terminal = terminal or Terminal.current()
    except FileNotFoundError:
        sys.stderr.write(f"{say.NO_CURRENT_FOLDER}\n")
        return Exit.FAILED
    try:
        code = hashistack.main(list(arguments), prog_name="hashistack", standalone_mode=False, obj=terminal)
        terminal.stdout.flush()
        return int(code or Exit.DONE)
    except (click.Abort, KeyboardInterrupt):
        terminal.stderr.write(f"{say.INTERRUPTED}\n")
        return Exit.INTERRUPTED
    except Exception as error:
        from hashistack.cli.failure import report  # only for failures

        return report(error, terminal, arguments)
