"""Say what is wrong, where, and what to do: values first, exceptions only to carry them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Severity = Literal["error", "warning"]


class Exit(IntEnum):
    """The exit codes of every command; scripts rely on them."""

    DONE = 0
    FAILED = 1
    CHANGES = 2
    CONFLICT = 3
    USAGE = 64
    DESCRIPTOR = 65
    UNAVAILABLE = 69
    BUG = 70
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a file; lines and columns count from 1, the end column is exclusive."""

    file: str
    line: int
    col: int
    end_line: int
    end_col: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake or remark: `code` is stable, `path` is the dotted descriptor key, `source` the text of the line."""

    code: str
    summary: str
    path: str = ""
    hint: str = ""
    span: Span | None = None
    source: str = ""
    severity: Severity = "error"


class HashistackError(Exception):
    """A failure that the user can act upon, with everything that is known about it."""

    exit_code = Exit.FAILED

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(diagnostic.summary for diagnostic in diagnostics))
        self.diagnostics = diagnostics


class UsageProblem(HashistackError):
    """The command was called in a way that cannot work."""

    exit_code = Exit.USAGE


class DescriptorError(HashistackError):
    """The descriptor is wrong; carries every mistake found in it."""

    exit_code = Exit.DESCRIPTOR


class ConflictError(HashistackError):
    """Somebody else's work would be lost: an edited file, a job that is not ours."""

    exit_code = Exit.CONFLICT


class BackendError(HashistackError):
    """Nomad, Consul or Docker cannot be reached, or refused what was asked."""

    exit_code = Exit.UNAVAILABLE


class Interrupted(HashistackError):
    """The user ended it, and there is more to say of that than what it was."""

    exit_code = Exit.INTERRUPTED


class DeployError(HashistackError):
    """The cluster did what was asked and it did not work: a failed release, an unhealthy deployment."""

    exit_code = Exit.FAILED
