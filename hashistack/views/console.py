"""Where output goes: data to stdout, all else to stderr, colours only where they are wanted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, TextIO

Style = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: dict[Style, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours text, or leaves it as it is."""

    colour: bool

    def __call__(self, text: str, *styles: Style) -> str:
        """Return `text` in the given styles."""
        if not self.colour or not styles or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


@dataclass(frozen=True, slots=True)
class Console:
    """Two streams and what the user asked of them; `json` sends nothing but documents to stdout."""

    stdout: TextIO
    stderr: TextIO
    colour_stdout: bool = False
    colour_stderr: bool = False
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    @property
    def ink(self) -> Ink:
        """Return the colours of stdout."""
        return Ink(self.colour_stdout)

    @property
    def ink_stderr(self) -> Ink:
        """Return the colours of stderr."""
        return Ink(self.colour_stderr)

    def data(self, text: str) -> None:
        """Print a line (or lines) of the command's result."""
        self._write(self.stdout, text)

    def document(self, value: object) -> None:
        """Print `value` as one indented JSON document; ASCII, so that no terminal can spoil it."""
        self._write(self.stdout, json.dumps(value, indent=2))

    def record(self, value: object) -> None:
        """Print `value` as one line of JSON: long work prints one object a line."""
        self._write(self.stdout, json.dumps(value))
        self.stdout.flush()

    def note(self, text: str) -> None:
        """Print a line that is no data; silent with --quiet."""
        if not self.quiet:
            self._write(self.stderr, text)
            self.stderr.flush()

    def detail(self, text: str) -> None:
        """Print a line that only --verbose shows."""
        if self.verbose:
            self._write(self.stderr, text)

    def problem(self, text: str) -> None:
        """Print an error, whatever the options."""
        self._write(self.stderr, text)

    @staticmethod
    def _write(stream: TextIO, text: str) -> None:
        stream.write(text if text.endswith("\n") else f"{text}\n")
