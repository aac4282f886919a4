"""HS3xx: the files in the output folder."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic


def broken_lock(name: str) -> Diagnostic:
    """Say that the lock is no JSON of ours, as after an unresolved merge."""
    return Diagnostic(
        code="HS301",
        summary=f"{name} is damaged",
        hint="restore it from version control; or delete it and render before changing the descriptor: "
        "then unedited files are recognised by their content",
    )


def newer_lock(name: str) -> Diagnostic:
    """Say that the lock was written by a later hashistack."""
    return Diagnostic(code="HS302", summary=f"{name} is of a newer format", hint="use a newer hashistack")


def lock_leads_outside(name: str, path: str) -> Diagnostic:
    """Say that the lock names a path that is not plainly below the output folder."""
    return Diagnostic(
        code="HS303",
        summary=f"{name} names {path!r}, which is no path inside the output folder",
        hint="hashistack never writes such a path; find out who did",
    )


def outside(path: str, where: str) -> Diagnostic:
    """Say that a path leaves the output folder through a link."""
    return Diagnostic(
        code="HS304",
        summary=f"{path} leads out of the output folder, to {where}",
        hint="remove the link: hashistack works only inside the output folder",
    )


def edited(path: str) -> Diagnostic:
    """Say that somebody edited a file that would be overwritten."""
    return Diagnostic(
        code="HS305",
        summary=f"{path} was edited since it was rendered; nothing was written",
        hint=f"change the descriptor instead; --force overwrites (and keeps {path}.orig); "
        f"`hashistack eject {path}` makes the file yours",
    )


def foreign(path: str) -> Diagnostic:
    """Say that a file stands where one would be rendered, and it is not ours."""
    return Diagnostic(
        code="HS306",
        summary=f"{path} was not written by hashistack; nothing was written",
        hint=f"move it away, or overwrite it with --force, which keeps {path}.orig",
    )


def no_file(path: str, kind: str) -> Diagnostic:
    """Say that a link, a folder or a device stands where a file would be rendered."""
    return Diagnostic(
        code="HS307",
        summary=f"{path} is {kind}, not a file; nothing was written",
        hint=f"move it away, or replace it with --force, which keeps {path}.orig",
    )


def blocked(path: str, by: str) -> Diagnostic:
    """Say that a file stands where a folder for a rendered file must be."""
    return Diagnostic(
        code="HS314",
        summary=f"{by} is no folder, so {path} cannot be written; nothing was written",
        hint=f"move it away, or replace it with --force, which keeps {by}.orig",
    )


def links_in_a_circle(path: str) -> Diagnostic:
    """Say that the links on the way to a path never arrive."""
    return Diagnostic(
        code="HS315",
        summary=f"{path} cannot be reached: a symbolic link on the way leads back to itself",
        hint="remove the link",
    )


def lock_is_no_file(name: str, kind: str) -> Diagnostic:
    """Say that a link, a folder or a device stands in the lock's place; not even --force replaces that."""
    return Diagnostic(
        code="HS316",
        summary=f"{name} is {kind}, not a file; nothing was written",
        hint="move it away, and restore it from version control if you can",
    )


def abandoned(path: str) -> Diagnostic:
    """Warn about an edited file that is no longer rendered."""
    return Diagnostic(
        code="HS308",
        summary=f"{path} is no longer rendered but was edited: it stays, and is yours now",
        severity="warning",
    )


def cannot_write(path: str, reason: str) -> Diagnostic:
    """Say that the operating system refused; `reason` is its own."""
    return Diagnostic(
        code="HS309",
        summary=f"cannot write {path}: {reason}",
        hint="put that right, then run the command again",
    )


def cannot_read(path: str, reason: str) -> Diagnostic:
    """Say that a file in the output folder cannot be read; `reason` is the operating system's."""
    return Diagnostic(code="HS310", summary=f"cannot read {path}: {reason}")


def not_rendered(path: str, output: str) -> Diagnostic:
    """Say that `eject` was given a path that hashistack did not write."""
    return Diagnostic(
        code="HS311",
        summary=f"{path} is no file that hashistack rendered into {output}",
        hint=f"{output}/hashistack.lock lists them all",
    )


def already_ejected(path: str) -> Diagnostic:
    """Say that `eject` has nothing to do."""
    return Diagnostic(code="HS312", summary=f"{path} is yours already")


def output_is_no_folder(path: str) -> Diagnostic:
    """Say that the output folder is something else."""
    return Diagnostic(code="HS313", summary=f"{path} is not a folder", hint="choose another with --output")
