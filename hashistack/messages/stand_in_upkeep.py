"""Wording of looking after stand-ins: codes HS730 to HS749."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic

# --- a command in a task

_MAY_RUN = (
    "the command may still be running; its standard input was closed if that could be. Look how the service is "
    "(`hashistack status`) before it is run again"
)


def connection_lost(doing: str, answer: str) -> Diagnostic:
    """The connection to a command that ran has ended before the command did."""
    return Diagnostic(
        "HS730",
        f"the connection ended before the command did ({doing})" + (f": {answer}" if answer else ""),
        hint=_MAY_RUN,
    )


def input_unreadable(doing: str, answer: str) -> Diagnostic:
    """What was to go into a command that runs ended with an error."""
    return Diagnostic(
        "HS730", f"what goes in could not be read to its end ({doing}): {answer}", hint=_MAY_RUN
    )


def never_began(doing: str, answer: str) -> Diagnostic:
    """The connection to a command has ended before the command began."""
    return Diagnostic(
        "HS730",
        f"the connection ended before the command began ({doing})" + (f": {answer}" if answer else ""),
        hint="it has not run; run it again",
    )


def left_running(doing: str) -> Diagnostic:
    """The user has ended the wait for a command that had begun."""
    return Diagnostic("HS746", f"interrupted while {doing}", hint=_MAY_RUN)


def command_failed(what: str, code: int, errors: str) -> Diagnostic:
    """A command in a task ended with another code than 0."""
    said = " ".join(errors.split())[-600:]
    return Diagnostic("HS731", f"{what} ended with {code}" + (f": {said}" if said else ""))


def nothing_runs(what: str) -> Diagnostic:
    """There is no instance in which a command could run."""
    return Diagnostic(
        "HS732", f"no instance of {what} runs", hint="`hashistack status` shows what runs and what does not"
    )


def unknown_name(name: str, known: Sequence[str]) -> Diagnostic:
    """The name is none of the descriptor's."""
    there = f"there are {', '.join(known)}" if known else "there are none"
    return Diagnostic("HS733", f"{name} is not in the descriptor; {there}")


# --- a machine that is gone


def still_alive(name: str, status: str) -> Diagnostic:
    """The machine that is to be given up is there."""
    return Diagnostic(
        "HS734",
        f"{name} is alive: Nomad calls it {status}, so nothing was changed",
        hint="drain it first (nomad node drain -enable), or switch it off for good and wait until Nomad calls it down",
    )


def unknown_machine(name: str, known: Sequence[str]) -> Diagnostic:
    """Nobody knows a machine of this name, id or address."""
    return Diagnostic(
        "HS735",
        f"no machine is called {name}; there are {', '.join(known) or 'none'}",
        hint="the name, the address in the descriptor, or at least eight characters of its id in Nomad",
    )


def not_safe(job: str, machine: str, reasons: Sequence[str]) -> Diagnostic:
    """The members that are left of a stand-in may not have all data."""
    return Diagnostic(
        "HS736",
        f"{job} has a member on {machine} and may not do without it: {'; '.join(reasons)}",
        hint="nothing was changed; bring back the machine or the other members (`hashistack status`). If its data is "
        "lost for good: docs/stand-ins.md, Lost members",
    )


def all_lost(job: str, machine: str) -> Diagnostic:
    """No other machine has a member of a stand-in."""
    return Diagnostic(
        "HS744",
        f"{job} has no member but on {machine}: all that it has would be lost",
        hint="nothing was changed; switch the machine on again, and it goes on by itself. If that cannot be, --lost "
        "gives its data up and begins it empty; a backup can be restored then",
    )


def leaves_with_member(machine: str, job: str, *, last: bool) -> Diagnostic:
    """A machine is no longer in the descriptor, and would be cleared with what a member of a stand-in has there."""
    way = "save what it has (`hashistack backup`), " if last else ""
    lost = " --lost" if last else ""
    return Diagnostic(
        "HS745",
        f"{machine} is to leave and has {'the only' if last else 'a'} member of {job}, whose data would go with it",
        hint=f"nothing was changed; while {machine} is still in the descriptor: {way}`nomad node drain -enable`, then "
        f"`hashistack replace-node {machine}{lost}`",
    )


def replacing_needs_yes(machine: str) -> Diagnostic:
    """Nobody is there to be asked."""
    return Diagnostic(
        "HS737",
        f"this gives up what {machine} has of the data of stand-ins, and nobody is there to be asked",
        hint="--yes goes ahead without asking",
    )


def not_whole(job: str, lacking: str, seconds: float) -> Diagnostic:
    """The old member is released and the new one is not there yet."""
    return Diagnostic(
        "HS738",
        f"{job} is not whole {seconds / 60:.0f} min after the machine was replaced: {lacking}",
        hint="the machine is released already; `hashistack status` shows the members, and when all is well",
    )


def leaves_with_data(machine: str, job: str) -> Diagnostic:
    """A machine is no longer in the descriptor, and has data of a stand-in that is not there either."""
    return Diagnostic(
        "HS745",
        f"{machine} is to leave and has data of {job}, which is not in the descriptor; it would go with it",
        hint=f"nothing was changed; put {machine} back, and the service too if its data is wanted, or delete the "
        "volume: docs/stand-ins.md, A service that is taken out",
    )


def data_stays(job: str, name: str, machines: Sequence[str]) -> Diagnostic:
    """The job of a stand-in is removed, and what it kept is not."""
    return Diagnostic(
        "HS747",
        f"{job} is not in the descriptor any more; its data stays in the volume {job} on {', '.join(machines)}",
        hint=f"put {name} back under the same name to have it again; docs/stand-ins.md, A service that is taken out, "
        "says how to delete it for good",
        severity="warning",
    )


STARTED_BY_UP = (
    "it does not run; `hashistack up` starts it, with a new member in the place of the one given up"
)
"""Why nobody waits for the members of a stand-in."""


# --- what a service keeps


def no_backup_of(name: str, engine: str) -> Diagnostic:
    """The engine has no script that saves what it keeps."""
    return Diagnostic(
        "HS739",
        f"{name} cannot be saved this way: its engine, {engine}, keeps nothing that a file could bring back",
        hint="docs/stand-ins.md says for each engine what is saved, and how",
    )


def no_backup_file(file: str, reason: str) -> Diagnostic:
    """The backup of a service is not there, or may not be read."""
    return Diagnostic(
        "HS740", f"cannot read {file}: {reason}", hint="name a file that `hashistack backup NAME` has written"
    )


def no_whole_backup(file: str, reason: str) -> Diagnostic:
    """A file is no backup of an object storage, or not all of one."""
    return Diagnostic(
        "HS761",
        f"{file} is no whole backup of buckets: {reason}",
        hint="nothing was changed; name a file that `hashistack backup NAME` has written",
    )


def storage_failed(name: str, reason: str) -> Diagnostic:
    """The object storage refused, or broke off, what a backup or a restore asked of it."""
    return Diagnostic(
        "HS762",
        f"{name} did not go on: {reason}",
        hint="`hashistack status` shows how it is; when it is well, run the command again: twice does no harm",
    )


def no_item(path: str, name: str) -> Diagnostic:
    """What `up` stores for a service is not there."""
    return Diagnostic(
        "HS763", f"the Nomad variable {path} has no item {name}", hint="`hashistack up` stores it again"
    )


def restoring_needs_yes(name: str) -> Diagnostic:
    """Nobody is there to be asked."""
    return Diagnostic(
        "HS741",
        f"this replaces all that {name} keeps, and nobody is there to be asked",
        hint="--yes goes ahead without asking",
    )


def restore_what(given: int) -> Diagnostic:
    """There are too many or too few names after `restore`."""
    return Diagnostic(
        "HS742",
        f"what is to be restored? {given} names were given",
        hint="`hashistack restore FOLDER` for the servers, `hashistack restore NAME FILE` for a backing service",
    )


def command_needed(name: str) -> Diagnostic:
    """There is nothing to run."""
    return Diagnostic(
        "HS743", "which command?", hint=f"after two dashes: hashistack exec {name} -- ls /local"
    )
