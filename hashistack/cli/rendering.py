"""What `render` and `diff` have in common: everything up to the point where something would be written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hashistack import pipeline
from hashistack.cli.source import Source, output_folder, selection, source
from hashistack.cli.terminal import Terminal
from hashistack.views.render import Outcome


@dataclass(frozen=True, slots=True)
class Rendering:
    """A descriptor, the folder its files go to, and what writing them would change."""

    descriptor: Source
    folder: Path
    outcome: Outcome


def prepare(terminal: Terminal, file: str | None, environment: str | None, output: str | None) -> Rendering:
    """Load, build and compare as the options say; write nothing."""
    descriptor = source(terminal, file)
    read = pipeline.read(descriptor.text, descriptor.file)
    environments = selection(read.application, environment)
    built = pipeline.build(read.application, environments)
    folder = output_folder(terminal, descriptor, output)
    changes = pipeline.compare(built.files, folder, environments)
    shown = os.path.relpath(folder, terminal.cwd)
    return Rendering(descriptor, folder, Outcome(shown, changes, (*read.warnings, *built.notices)))
