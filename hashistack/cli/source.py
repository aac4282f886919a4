"""Where a command's descriptor comes from, which environment it means, where its output goes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hashistack import discovery
from hashistack.cli.terminal import Terminal
from hashistack.descriptor.suggest import closest
from hashistack.diagnostics import UsageProblem
from hashistack.messages import usage as say
from hashistack.model import Application, Stack

STDIN_NAME = "<stdin>"


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a descriptor, its name for messages (relative to the current folder), the folder it stands in."""

    file: str
    text: bytes
    folder: Path


def source(terminal: Terminal, file: str | None) -> Source:
    """Read the descriptor that -f names, or the one that is found; `-` is standard input."""
    path = file or discovery.find(str(terminal.cwd), terminal.environ)
    if path is None:
        raise UsageProblem(say.no_descriptor(str(terminal.cwd)))
    if path == discovery.STDIN:
        return Source(STDIN_NAME, terminal.stdin.read(), terminal.cwd)
    absolute = terminal.cwd / path
    try:
        return Source(os.path.relpath(absolute, terminal.cwd), absolute.read_bytes(), absolute.parent)
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
