"""HS670 to HS678: what `hashistack plan` finds out about the size of a stack."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic


def too_big(key: str, cpu: int, memory: int, kind: str, bigger: str, environment: str) -> Diagnostic:
    """One instance is greater than any machine; `bigger` is a type that would do, "" if none is known."""
    types = f"`clients: {{types: [{bigger}]}}`" if bigger else "a greater type in `clients.types`"
    return Diagnostic(
        "HS670",
        f"{key} asks for {cpu} MHz and {memory} MiB, more than a {kind} has to give",
        path=f"environments.{environment}.clients.types",
        hint=f"{types}, or ask for less: `cpu` and `memory` of {key}",
        severity="warning",
    )


def no_room(
    key: str, placed: int, wanted: int, clients: int, kind: str, bound: str, enough: int, environment: str
) -> Diagnostic:
    """Not all instances find room on the machines; `bound` is min or max, `enough` how many machines would do."""
    return Diagnostic(
        "HS671" if bound == "min" else "HS672",
        f"{clients} x {kind} have room for {placed} of {wanted} instances of {key}, one of them for a deploy",
        path=f"environments.{environment}.clients.{bound}",
        hint=f"`clients: {{{bound}: {enough}}}`, or a greater type, or a smaller `scale.{bound}` of {key}",
        severity="warning",
    )


def jobs_not_planned(reason: str) -> Diagnostic:
    """The cluster is not there to be compared with, or does not answer."""
    return Diagnostic("HS673", f"what becomes of the jobs cannot be told: {reason}", severity="warning")
