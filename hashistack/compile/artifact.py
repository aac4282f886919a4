"""What the compiler hands to the renderer: which template, filled with what, to become which file."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file to render; `path` is relative to the output folder, `source` the descriptor's base name."""

    path: str
    template: str
    view: object
    source: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A file to copy as it is; `file` is its name in a template folder, `path` is relative to the output folder."""

    path: str
    file: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """All files of one environment, and what the user must know about them."""

    artifacts: tuple[Artifact | Copy, ...]
    notices: tuple[Diagnostic, ...]
