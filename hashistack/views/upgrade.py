"""Print the steps of an upgrade."""

from __future__ import annotations

from dataclasses import asdict
from typing import assert_never

from hashistack.model import Stack
from hashistack.plan.replacement import Replacement
from hashistack.plan.upgrade import Admit, Empty, Install, Lead, Step, Upgrade
from hashistack.views.console import Console


def show_plan(console: Console, stack: Stack, plan: Upgrade) -> None:
    """Print each step that would be taken."""
    if not plan.steps:
        nothing(console, stack)
    for step in plan.steps:
        if console.json:
            console.record({"event": "planned", "step": type(step).__name__.lower(), **asdict(step)})
        else:
            console.data(describe(step, stack))


def show_replacement(console: Console, plan: Replacement) -> None:
    """Print which servers are replaced, in their order; Terraform's part is shown by `hashistack plan`."""
    if console.json:
        for server in plan.servers:
            console.record({"event": "planned", "step": "replace", "server": server})
    elif plan.servers:
        console.data("\n".join(f"replace server {server}" for server in plan.servers))
    elif not plan.refusals:
        console.note("every server runs as its template says: none to replace")


def nothing(console: Console, stack: Stack) -> None:
    """Say that all hosts run what they should."""
    if not console.json:
        console.note(f"every host runs {_versions(stack)}: nothing to upgrade")


def describe(step: Step, stack: Stack) -> str:
    """Return what a step does."""
    match step:
        case Lead(product, host):
            return f"let {host} lead {product}"
        case Empty(host):
            return f"move the instances on {host} elsewhere"
        case Install(hosts):
            return f"install {_versions(stack)} on {', '.join(hosts)} and wait until healthy"
        case Admit(host):
            return f"let {host} take instances again"
        case _:
            assert_never(step)


def _versions(stack: Stack) -> str:
    software = stack.environment.software
    return f"Consul {software.consul} and Nomad {software.nomad}" if software else "what it should"
