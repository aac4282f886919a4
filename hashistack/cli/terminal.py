"""The world outside a command: streams, environment variables, current folder. Built once, handed in."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from hashistack.views.console import Console


@dataclass(frozen=True, slots=True)
class Terminal:
    """What a command may ask of its surroundings; tests pass their own."""

    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    cwd: Path

    @classmethod
    def current(cls) -> Terminal:
        """Return this process's terminal; a character that a stream cannot show becomes an escape, never a crash."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return cls(sys.stdin.buffer, sys.stdout, sys.stderr, os.environ, Path.cwd())

    @property
    def asks(self) -> bool:
        """Say whether somebody is there to answer a question."""
        return self.stdin.isatty() and self.stderr.isatty()

    def console(self, *, json: bool, quiet: bool, verbose: bool, no_color: bool) -> Console:
        """Return the printer for this terminal and a command's common options."""
        return Console(
            stdout=self.stdout,
            stderr=self.stderr,
            colour_stdout=not json and self._colour(self.stdout, no_color),
            colour_stderr=self._colour(self.stderr, no_color),
            json=json,
            quiet=quiet,
            verbose=verbose,
        )

    def _colour(self, stream: TextIO, no_color: bool) -> bool:
        """Decide by --no-color, NO_COLOR (no-color.org), FORCE_COLOR (force-color.org), and what the stream is."""
        if no_color or self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and self.environ.get("TERM") != "dumb"


@dataclass(frozen=True, slots=True)
class Session:
    """What every command is given first: the terminal it runs in and the printer for its output."""

    terminal: Terminal
    console: Console
