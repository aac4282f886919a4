"""Wording of what becomes of stand-ins while machines of their members are away: codes HS757 to HS760."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic


def _named(machines: Sequence[str]) -> str:
    return ", ".join(machines)


def _begin_empty(job: str, machine: str, environment: str) -> str:
    command = f"`hashistack replace-node {machine} --lost -e {environment}`"
    return f"{command} begins {job} empty, and a backup can be restored into it"


def machine_away(job: str, machines: Sequence[str], environment: str) -> Diagnostic:
    """All that a stand-in has is on machines that do not answer."""
    there = _named(machines)
    return Diagnostic(
        "HS757",
        f"{job} waits for {there}: what it has is there, and Nomad calls it down or disconnected",
        hint=f"no job was changed; switch {there} on, and {job} goes on by itself. If it never comes back, "
        f"{_begin_empty(job, machines[0], environment)}",
    )


def machine_gone(job: str, machines: Sequence[str], environment: str) -> Diagnostic:
    """All that a stand-in had was on machines that Nomad has forgotten; one of the same name may have come instead."""
    there = _named(machines)
    return Diagnostic(
        "HS757",
        f"{job} has no member left: what it had was on {there}, on a disk that is not in the cluster any more",
        hint=f"no job was changed; switch {there} on with the disk that it had, or "
        f"{_begin_empty(job, machines[0], environment)}",
    )


def no_majority(job: str, machines: Sequence[str], left: int, nodes: int) -> Diagnostic:
    """A few members are left of a stand-in, and they cannot agree on anything."""
    there = _named(machines)
    return Diagnostic(
        "HS757",
        f"{job} has {left} of {nodes} members and no majority: the others were on {there}",
        hint=f"no job was changed; switch {there} on, and {job} goes on by itself. If they never come back: "
        "docs/stand-ins.md, Lost members",
    )


def member_missing(job: str, machines: Sequence[str], nodes: int, environment: str) -> Diagnostic:
    """Enough members are left to go on."""
    there = _named(machines)
    return Diagnostic(
        "HS758",
        f"{job} goes on with {nodes - len(machines)} of {nodes} members, and is left as it is until all are there: "
        f"one was on {there}",
        hint=f"switch {there} on; if it never comes back, `hashistack replace-node {machines[0]} -e {environment}` "
        "has a new member elsewhere",
        severity="warning",
    )


def unknown_volumes(job: str, machines: Sequence[str]) -> Diagnostic:
    """Machines have volumes of a service that the servers have never heard of: they lost what they knew."""
    return Diagnostic(
        "HS759",
        f"{_named(machines)} still has the data of {job}, and the servers know nothing of it: they have lost theirs",
        hint="no job was changed; `hashistack restore FOLDER` brings back what a backup of the servers knows, and "
        f"{job} with it. Without a backup: docs/bare-metal.md, Lost servers",
    )


def begins_empty(job: str, machines: Sequence[str]) -> Diagnostic:
    """The only member was on a machine of the cloud that has gone."""
    return Diagnostic(
        "HS760",
        f"{job} begins empty: what it had was on {_named(machines)}, which is gone",
        hint="put a backup into it with `hashistack restore`; `managed` or `nodes: 3` keeps what it has next time",
        severity="warning",
    )
