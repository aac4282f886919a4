"""Commands as people write them in a Procfile, made ready for the image's shell."""

from __future__ import annotations

import re

from hashistack.compile.consul_template import survives_config, verbatim

_SHELL_SYNTAX = frozenset("|&;(){}\n\r`!#")
_PROGRAM = re.compile(r"[A-Za-z0-9_./+-]+")
# Words that the shell runs itself: `exec cd` would look for a program of that name.
_SHELL_WORDS = frozenset(
    """
    . : alias bg break case cd command continue do done elif else esac eval exec exit export fc fg fi for getopts if in
    jobs local read readonly return set shift source then time times trap type ulimit umask unalias unset until wait
    while
    """.split()  # noqa: SIM905 - fifty quoted words in a list are harder to read
)


def shell_command(command: str) -> str:
    """Put `exec` before a simple command, so that it, and not a shell around it, gets SIGTERM and can stop cleanly."""
    first = command.split(maxsplit=1)[0] if command.strip() else ""
    simple = not _SHELL_SYNTAX & set(command) and _PROGRAM.fullmatch(first) and first not in _SHELL_WORDS
    return f"exec {command.strip()}" if simple else command


def script(command: str) -> str | None:
    """Return the template body that carries the command in a file, or None when it can stand in the job itself.

    Nomad would put the values of `${NAME}` into the text of the command before the shell sees it: unquoted, and
    visible in the process list. `%{` would not even start.
    """
    return None if survives_config(command) else verbatim(shell_command(command))
