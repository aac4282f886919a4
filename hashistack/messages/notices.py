"""HS6xx: what the rendered files leave out, said at every render."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic


def no_terraform_yet(environment: str, target: str) -> Diagnostic:
    """Say that a target's machines are not described yet."""
    return _notice(
        "HS601", f"environments.{environment}", f"no Terraform is written yet for target {target}, only jobs"
    )


def managed_not_created(environment: str, service: str, type_: str) -> Diagnostic:
    """Say that a managed service must exist already and be registered by hand."""
    return _notice(
        "HS602",
        f"environments.{environment}.managed",
        f"{service}: the managed {type_} is not created yet; create it and register it in Consul yourself",
    )


def no_stand_in_yet(environment: str, service: str, type_: str, consul_name: str) -> Diagnostic:
    """Say that a backing service has no stand-in and what the app will look for."""
    return _notice(
        "HS603",
        f"environments.{environment}.backing_services.{service}",
        f"no stand-in for {type_} yet; the app waits for a Consul service named {consul_name}",
    )


def one_node_only(environment: str, service: str, nodes: int) -> Diagnostic:
    """Say that a stand-in runs on fewer nodes than asked for."""
    return _notice(
        "HS604",
        f"environments.{environment}.backing_services.{service}.nodes",
        f"rendered with one node instead of {nodes}: its stand-in forms no cluster yet",
    )


def no_autoscaling_yet(environment: str, process: str) -> Diagnostic:
    """Say that a process stays at its minimum."""
    return _notice(
        "HS605",
        f"environments.{environment}.processes.{process}.scale",
        "rendered with the fixed count of min: nothing scales it yet",
    )


def _notice(code: str, path: str, summary: str) -> Diagnostic:
    return Diagnostic(code=code, summary=summary, path=path, severity="warning")
