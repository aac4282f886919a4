"""Print what `down` removes."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.model import Environment
from hashistack.plan.losses import Losses
from hashistack.plan.removal import Removal
from hashistack.views.console import Console
from hashistack.views.up import describe


def show_removal(console: Console, removal: Removal, kept: Sequence[str] = ()) -> None:
    """Print each step that `down` is about to take, and the volumes that stay; JSON shows them as they happen."""
    if console.json:
        return
    for step in removal.plan.steps:
        console.note(describe(step))
    if kept:
        console.note(f"and keep the data of {', '.join(kept)}; --purge removes it")


def only_data(console: Console, app: str, volumes: Sequence[str]) -> None:
    """Say that nothing but data is left."""
    if not console.json:
        console.note(f"only data of {app} is left, in the volumes {', '.join(volumes)}; --purge removes it")


def show_lost(console: Console, jobs: Sequence[str], variables: Sequence[str], *, wipes: bool) -> None:
    """Print what the record knows of a cluster that does not answer; `wipes`: dead agents of ours have data here."""
    if console.json:
        return
    console.note(
        "Nomad does not answer; removes the data of the agents on this machine, all of it, and with it:"
        if wipes
        else "neither Nomad nor Consul answers and no agent was started here; forgets:"
    )
    for line in (*(f"job {job}" for job in jobs), *(f"Nomad variable {path}" for path in variables)):
        console.note(f"  {line}")


def show_hosts(console: Console, environment: Environment, *, purge: bool) -> None:
    """Print what is taken off which machines, and what stays there."""
    if console.json:
        return
    console.note("ends all processes and takes Nomad, Consul and what they needed off:")
    for host in environment.hosts:
        console.note(f"  {host.name} ({host.address}): {', '.join(host.roles)}")
    console.note(
        "and removes all data and the credentials, for good" if purge else "data and credentials stay"
    )


def show_losses(console: Console, losses: Losses, volumes: Sequence[str], *, purge: bool) -> None:
    """Print what is destroyed in AWS, and what is lost with it; `volumes` are on the machines that go."""
    if console.json:
        return
    console.note(f"ends all processes and destroys {losses.resources} resources in AWS")
    for each in losses.data:
        console.note(f"  lost for good: {each}")
    for name in volumes:
        console.note(f"  lost for good: the data of {name} on the machines")
    console.note(
        "and removes the credentials and all secrets"
        if purge
        else "and all secrets in AWS; this machine's copy stays"
    )


def nothing(console: Console, app: str, environment: str) -> None:
    """Say that there is nothing of the app to remove."""
    if not console.json:
        console.note(f"nothing of {app} in {environment} to remove")


def never_up(console: Console, app: str, environment: str) -> None:
    """Say that there is no record of the environment."""
    if not console.json:
        console.note(
            f"nothing of {app} was brought up in {environment} from this machine, so nothing is removed"
        )
