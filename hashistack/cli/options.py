"""Options that several commands share, each worded once."""

from __future__ import annotations

import click

file = click.option(
    "-f",
    "--file",
    metavar="PATH",
    help="The descriptor; - reads standard input. "
    "Default: HASHISTACK_FILE, or hashistack.yaml here or above, up to the git root.",
)
environment = click.option(
    "-e", "--environment", metavar="NAME", help="One environment of the descriptor. Default: all of them."
)
required_environment = click.option(
    "-e", "--environment", metavar="NAME", help="The environment. Not needed if the descriptor has only one."
)
output = click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    help="The folder of the rendered files. Default: stack, beside the descriptor.",
)
yes = click.option("--yes", is_flag=True, help="Go ahead without asking.")
