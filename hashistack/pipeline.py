"""The story of hashistack, in order.

    load      the text of a descriptor becomes an `Application`, or every mistake in it is reported
    build     each environment is compiled to artifacts, and each artifact rendered to a file
    compare   the files are held against the lock and the disk: what would change, and what is in the way
    write     the changes are made, all or none

and from there, for `up`, in modules that `render` never imports:

    observe   what runs in the cluster becomes an `Actual`                  backends/observe.py
    plan      the files and the `Actual` become steps; pure                 plan/planner.py
    apply     the steps are carried out, or shown by `up --dry-run`         plan/executor.py

Nothing between `load` and `compare` reads or writes anything but templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hashistack import __version__, discovery
from hashistack.compile import compile_stack
from hashistack.descriptor.load import load as read_descriptor
from hashistack.diagnostics import DescriptorError, Diagnostic, UsageProblem
from hashistack.messages import files as say
from hashistack.model import Application
from hashistack.render import RenderedFile, render, without_header
from hashistack.tree import disk
from hashistack.tree import write as tree
from hashistack.tree.compare import Changes, within
from hashistack.tree.compare import compare as decide


@dataclass(frozen=True, slots=True)
class Read:
    """An application without mistakes, and what looks like one."""

    application: Application
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """The files of some environments, and what the user must know about them."""

    files: tuple[RenderedFile, ...]
    notices: tuple[Diagnostic, ...]


def read(text: str | bytes, file: str) -> Read:
    """Return the application that a descriptor describes; raise DescriptorError with every mistake in it."""
    loaded = read_descriptor(text, file)
    if loaded.application is None:
        raise DescriptorError(*loaded.diagnostics)
    return Read(loaded.application, loaded.diagnostics)


def load(text: str | bytes, file: str) -> Application:
    """Do as `read` does, for those who need no warnings."""
    return read(text, file).application


def build(application: Application, environments: Sequence[str] | None = None) -> Built:
    """Return the files of `environments`; None means all."""
    stacks = [s for s in application.stacks if environments is None or s.environment.name in environments]
    compiled = [compile_stack(stack, _header_name(application.file)) for stack in stacks]
    files = tuple(render(artifact) for each in compiled for artifact in each.artifacts)
    return Built(files, tuple(notice for each in compiled for notice in each.notices))


def _header_name(file: str) -> str:
    """Return what rendered files call their descriptor: one that came through a pipe is the usual one for them."""
    return discovery.NAMES[0] if file == discovery.STDIN_NAME else file


def compare(
    files: Sequence[RenderedFile], output: Path, environments: Sequence[str] | None = None
) -> Changes:
    """Return what writing `files` to the folder `output` would change, leaving other environments' files out of it."""
    lock = disk.read_lock(output)
    paths = {file.path for file in files} | within(lock.paths(), environments)
    return decide(files, lock, disk.read_files(output, paths), __version__, environments)


def write(changes: Changes, output: Path) -> None:
    """Make the changes in the folder `output`; raise ConflictError, with nothing written, if one conflicts."""
    tree.write(output, changes)


def eject(output: Path, path: str) -> None:
    """Give the file `path` of `output` to its user, without its header; raise UsageProblem if it is not ours."""
    lock = disk.read_lock(output)
    if path in lock.ejected:
        raise UsageProblem(say.already_ejected(path))
    content = disk.read(output, path) if path in lock.paths() else None
    if not isinstance(content, bytes):
        raise UsageProblem(say.not_rendered(path, output.name))
    tree.eject(output, lock, path, without_header(content))
