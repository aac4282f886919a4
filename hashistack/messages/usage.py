"""HS5xx: how hashistack was called, and what it says about itself."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic, Exit

EXIT_MEANINGS = {
    Exit.DONE: "done",
    Exit.FAILED: "failed",
    Exit.CHANGES: "changes pending",
    Exit.CONFLICT: "conflict: an edited file, a job that is not ours",
    Exit.USAGE: "wrong usage",
    Exit.DESCRIPTOR: "the descriptor is wrong",
    Exit.UNAVAILABLE: "Nomad, Consul, Docker, Terraform or AWS unreachable or refused",
    Exit.BUG: "a bug of hashistack",
    Exit.INTERRUPTED: "interrupted",
}
HELP_EPILOG = "Begin with: hashistack init. Every command explains itself: hashistack render --help."
INTERRUPTED = "interrupted"
WAITING = "waiting for another hashistack that is writing to this folder"
NO_CURRENT_FOLDER = "hashistack: the current folder does not exist any more; change to another"


def no_descriptor(searched: Sequence[str]) -> Diagnostic:
    """Say that there is no descriptor in the folders `searched`, the nearest first."""
    above = f" or above, up to {searched[-1]}" if len(searched) > 1 else ""
    return Diagnostic(
        code="HS501",
        summary=f"no hashistack.yaml in {searched[0]}{above}",
        hint="write one with `hashistack init`, or name it: -f PATH",
    )


def unreadable_descriptor(path: str, reason: str) -> Diagnostic:
    """Say that the descriptor that was named cannot be read; `reason` is the operating system's."""
    return Diagnostic(
        code="HS502", summary=f"cannot read {path}: {reason}", hint="name another descriptor: -f PATH"
    )


def unknown_environment(name: str, known: tuple[str, ...], guess: str) -> Diagnostic:
    """Say that -e names no environment of the descriptor."""
    return Diagnostic(
        code="HS503",
        summary=f"the descriptor has no environment {name!r}",
        hint=f"did you mean {guess!r}?" if guess else f"there are: {', '.join(known)}",
    )


def environment_needed(known: tuple[str, ...]) -> Diagnostic:
    """Say that the command needs one environment and the descriptor has several."""
    return Diagnostic(
        code="HS504",
        summary="which environment? the descriptor has more than one",
        hint=f"choose with -e: {', '.join(known)}",
    )


def unknown_key(key: str, near: tuple[str, ...]) -> Diagnostic:
    """Say that `docs` was asked for a key that no descriptor has; `near` are the paths that look like it."""
    return Diagnostic(
        code="HS505",
        summary=f"no descriptor has a key {key!r}",
        hint=f"did you mean {' or '.join(near)}?"
        if near
        else "`hashistack docs` lists the keys of the top level",
    )


def descriptor_exists(path: str) -> Diagnostic:
    """Say that `init` does not overwrite."""
    return Diagnostic(
        code="HS506",
        summary=f"{path} exists already; init never overwrites",
        hint="edit it, or move it away first",
    )


def nothing_to_read(path: str, reason: str) -> Diagnostic:
    """Say that `init` found a file that it cannot read."""
    return Diagnostic(
        code="HS507", summary=f"cannot read {path}: {reason}", hint="mend it or move it away for the moment"
    )


def unusable_name(path: str) -> Diagnostic:
    """Say that the descriptor's name cannot stand in a comment of the rendered files."""
    return Diagnostic(
        code="HS508",
        summary=f"the descriptor's file name has a character that cannot be printed: {path!r}",
        hint="rename it; hashistack.yaml is found without -f",
    )


def second_descriptor(used: str, ignored: str) -> Diagnostic:
    """Warn that two descriptors stand side by side."""
    return Diagnostic(
        code="HS509",
        summary=f"{used} is used, and {ignored} beside it is not",
        hint=f"remove one of them, or name the other: -f {ignored}",
        severity="warning",
    )


def wrong_usage(message: str) -> Diagnostic:
    """Say in a document what the command line's own reader finds wrong with it."""
    return Diagnostic(code="HS510", summary=message, hint="--help explains every command")


def no_room(reason: str) -> Diagnostic:
    """Say that what a command printed was not taken; `reason` is the operating system's."""
    return Diagnostic(
        code="HS511",
        summary=f"cannot print: {reason}",
        hint="what the command was to do may be done all the same",
    )


def bug(error: Exception, traceback_file: str) -> Diagnostic:
    """Say that hashistack itself is at fault; `traceback_file` is empty when the traceback has been printed."""
    return Diagnostic(
        code="HS599",
        summary=f"a bug of hashistack: {type(error).__name__}: {error}",
        hint=f"the traceback is in {traceback_file}; -v prints it"
        if traceback_file
        else "please report it with the traceback above",
    )
