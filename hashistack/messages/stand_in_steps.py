"""Wording of what stands in the way of stand-ins while they are brought up: codes HS750 to HS756."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hashistack.diagnostics import Diagnostic


def _machines(count: int) -> str:
    return "1 machine" if count == 1 else f"{count} machines"


def too_few_nodes(job: str, wanted: int, there: int, away: Sequence[str]) -> Diagnostic:
    """Fewer machines take jobs than the stand-in has nodes; `away` are machines that take none at the moment."""
    why = f" ({', '.join(sorted(away))} takes none at the moment)" if away else ""
    return Diagnostic(
        "HS750",
        f"{job} needs {_machines(wanted)}, one for each node, and {there} can be had{why}",
        hint="no job was changed; add a client, wait until all are ready, or lower `nodes`",
    )


def no_room_on_disks(job: str, storage: int, full: Sequence[tuple[str, int]]) -> Diagnostic:
    """Not enough machines have room for its volume; pairs of a machine and its MiB that nothing else is to have."""
    told = ", ".join(f"{name} has {max(free, 0)} MiB" for name, free in sorted(full))
    return Diagnostic(
        "HS751",
        f"no room for the volumes of {job}, {storage} MiB each: {told} free",
        hint="no job was changed; free the disk, add a client, or lower `storage`",
    )


def volume_not_ready(name: str, node: str, state: str) -> Diagnostic:
    """Nomad took a volume, and its machine does not make it."""
    return Diagnostic(
        "HS752",
        f"the volume {name} on {node} does not become ready: it is {state}",
        hint=f"see the log of Nomad on {node}, then run the command again",
    )


def setup_failed(job: str, last: Sequence[str]) -> Diagnostic:
    """The job that finishes a stand-in ended with an error; `last` are the last lines that it wrote."""
    said = f": {' | '.join(last)}" if last else ", and Nomad has no log of it"
    return Diagnostic("HS753", f"{job} failed{said}", hint="correct it and run `hashistack up` again")


def setup_not_placed(job: str) -> Diagnostic:
    """No machine took the job that finishes a stand-in in time."""
    return Diagnostic(
        "HS753", f"no machine ran {job}", hint="free cpu or memory, or add a client; then again"
    )


def authority_ends(job: str, end: datetime, variable: str) -> Diagnostic:
    """The authority of a stand-in is too old to sign a certificate that lasts."""
    return Diagnostic(
        "HS754",
        f"the certificate authority of {job} ends on {end:%Y-%m-%d}",
        hint=f"`nomad var purge {variable}`, then `hashistack up`: its members and all that ask it start again",
    )


def not_formed(name: str, service: str, healthy: int, members: int) -> Diagnostic:
    """A stand-in whose job runs does not answer in Consul."""
    told = f": {healthy} of {members} members are healthy" if members > 1 else ""
    return Diagnostic(
        "HS755",
        f"{name} does not pass its checks in Consul (service {service}){told}",
        hint="`hashistack status` shows its members, `nomad alloc logs` what they say",
    )


def not_rotated(name: str) -> Diagnostic:
    """The login of a service that runs in the cluster was asked to be changed."""
    return Diagnostic(
        "HS756",
        f"the login of {name} is not changed: its members and its clients would have to take the new one together",
        hint=f"only logins of services that AWS runs are; see jobs/*/README.md for how {name}'s engine does it",
    )
