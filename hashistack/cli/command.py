"""The form of every command: an example first, the common options, the exit codes at the end of its help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from hashistack.cli.terminal import Session, Terminal
from hashistack.diagnostics import Exit, HashistackError
from hashistack.messages.usage import EXIT_MEANINGS
from hashistack.views import problems

Body = Callable[..., Exit | None]

COMMON_EXITS = (Exit.DONE, Exit.FAILED, Exit.USAGE, Exit.BUG, Exit.INTERRUPTED)


class Command(click.Command):
    """A click command whose help begins with an example and ends with the exit codes."""

    def __init__(self, *, example: str, exits: Sequence[Exit], **rest: Any) -> None:
        super().__init__(**rest)
        self.example = example
        self.exits = tuple(sorted({*COMMON_EXITS, *exits}))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example, then what click writes, then the exit codes."""
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
        formatter.write_paragraph()
        super().format_help(ctx, formatter)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), EXIT_MEANINGS[code]) for code in self.exits])


def command(*, example: str, exits: Sequence[Exit] = ()) -> Callable[[Body], Command]:
    """Make a command of a function `(session, **its options) -> Exit | None`; its docstring is the help."""

    def make(body: Body) -> Command:
        made = click.command(
            cls=Command, name=body.__name__.strip("_").replace("_", "-"), example=example, exits=exits
        )(_with_session(body))
        made.params += _common_options()
        return made

    return make


def group(name: str, *, summary: str, commands: Sequence[Command]) -> click.Group:
    """Return the command `name` whose sub-commands are `commands`."""
    return click.Group(name, help=summary, commands=list(commands))


def _with_session(body: Body) -> Callable[..., Exit]:
    """Build the session from the common options and print what `body` raises as diagnostics."""

    @wraps(body)
    @click.pass_obj
    def run(
        terminal: Terminal, /, *, json: bool, quiet: bool, verbose: bool, no_color: bool, **options: Any
    ) -> Exit:
        console = terminal.console(json=json, quiet=quiet, verbose=verbose, no_color=no_color)
        try:
            return body(Session(terminal, console), **options) or Exit.DONE
        except HashistackError as error:
            problems.show(console, error.diagnostics, error.exit_code)
            return error.exit_code

    return run


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(["--json"], is_flag=True, help="Print one JSON document instead of text."),
        click.Option(["-q", "--quiet"], is_flag=True, help="Print nothing but data and errors."),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            help="Print more: the details of each step, tracebacks of bugs.",
        ),
        click.Option(
            ["--no-color"], is_flag=True, help="Print without colours; so do NO_COLOR and TERM=dumb."
        ),
    ]
