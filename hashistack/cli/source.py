"""Where a command's descriptor comes from, which environment it means, where its output goes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hashistack import discovery
from hashistack.cli.terminal import Terminal
from hashistack.descriptor.suggest import closest
from hashistack.descriptor.yaml import MAX_BYTES
from hashistack.diagnostics import Diagnostic, UsageProblem
from hashistack.messages import usage as say
from hashistack.model import Application, Stack

_ENOUGH = MAX_BYTES + 1
"""Bytes of a descriptor to read: no more are needed to see that it is too large."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a descriptor, its name for messages (relative to the current folder), the folder it stands in."""

    file: str
    text: bytes
    folder: Path
    warnings: tuple[Diagnostic, ...] = ()


def source(terminal: Terminal, file: str | None) -> Source:
    """Read the descriptor that -f names, or the one that is found; `-` is standard input."""
    path = file or discovery.find(str(terminal.cwd), terminal.environ)
    if path is None:
        raise UsageProblem(say.no_descriptor(discovery.searched(str(terminal.cwd))))
    if path == discovery.STDIN:
        return Source(discovery.STDIN_NAME, terminal.stdin.read(_ENOUGH), terminal.cwd)
    absolute = terminal.cwd / path
    if not absolute.name.isprintable():  # it goes into the first line of every rendered file
        raise UsageProblem(say.unusable_name(path))
    found = file is None and not terminal.environ.get("HASHISTACK_FILE")
    second = discovery.ignored(path) if found else None
    warnings = (say.second_descriptor(absolute.name, second),) if second else ()
    shown = os.path.relpath(absolute, terminal.cwd)
    return Source(shown, _start(absolute, path), absolute.parent, warnings)


def _start(file: Path, path: str) -> bytes:
    """Return the content of `file`, as far as a descriptor may go; `path` is what the user calls it."""
    try:
        with file.open("rb") as opened:
            return opened.read(_ENOUGH)
    except OSError as error:
        raise UsageProblem(say.unreadable_descriptor(path, error.strerror or str(error))) from None


def output_folder(terminal: Terminal, descriptor: Source, output: str | None) -> Path:
    """Return the folder for rendered files: as given, from the current folder; else `stack` beside the descriptor."""
    return terminal.cwd / output if output else descriptor.folder / discovery.OUTPUT


def existing_folder(terminal: Terminal, file: str | None, output: str | None) -> Path:
    """Return the output folder without reading the descriptor: what is there may be older than it."""
    if output:
        return terminal.cwd / output
    path = file or discovery.find(str(terminal.cwd), terminal.environ)
    beside = (terminal.cwd / path).parent if path and path != discovery.STDIN else terminal.cwd
    return beside / discovery.OUTPUT


def chosen(application: Application, environment: str | None) -> Stack:
    """Return the stack of the environment that -e names, or the only one."""
    stacks = {stack.environment.name: stack for stack in application.stacks}
    if environment is None and len(stacks) == 1:
        return application.stacks[0]
    if environment is None:
        raise UsageProblem(say.environment_needed(tuple(stacks)))
    if environment not in stacks:
        raise UsageProblem(say.unknown_environment(environment, tuple(stacks), closest(environment, stacks)))
    return stacks[environment]


def selection(application: Application, environment: str | None) -> tuple[str, ...] | None:
    """Return the environments to render: the one that -e names, or None for all."""
    return None if environment is None else (chosen(application, environment).environment.name,)
