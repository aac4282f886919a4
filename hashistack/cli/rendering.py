"""What `render` and `diff` have in common: everything up to the point where something would be written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hashistack import pipeline
from hashistack.cli.source import Source, output_folder, selection, source
from hashistack.cli.terminal import Terminal
from hashistack.diagnostics import Diagnostic
from hashistack.render import RenderedFile
from hashistack.views.render import Outcome


@dataclass(frozen=True, slots=True)
class Rendering:
    """A descriptor, the files that come of it, and the folder where they belong; `environments` as for `compare`."""

    descriptor: Source
    environments: tuple[str, ...] | None
    files: tuple[RenderedFile, ...]
    folder: Path
    shown: str
    notices: tuple[Diagnostic, ...]

    def outcome(self) -> Outcome:
        """Return what writing the files would change in the folder as it is now."""
        changes = pipeline.compare(self.files, self.folder, self.environments)
        return Outcome(self.shown, changes, self.notices)


def prepare(terminal: Terminal, file: str | None, environment: str | None, output: str | None) -> Rendering:
    """Load and build as the options say; write nothing."""
    descriptor = source(terminal, file)
    read = pipeline.read(descriptor.text, descriptor.file)
    environments = selection(read.application, environment)
    built = pipeline.build(read.application, environments)
    folder = output_folder(terminal, descriptor, output)
    shown = os.path.relpath(folder, terminal.cwd)
    notices = (*descriptor.warnings, *read.warnings, *built.notices)
    return Rendering(descriptor, environments, built.files, folder, shown, notices)
