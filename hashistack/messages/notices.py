"""HS6xx: what the rendered files leave out, said at every render."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic


def local_state(environment: str) -> Diagnostic:
    """Say that only this machine will know what Terraform made."""
    return _notice(
        "HS606",
        f"environments.{environment}",
        "no `state`: only the folder `terraform` knows what Terraform made; name an S3 bucket to share it",
    )


def data_on_clients(environment: str, service: str) -> Diagnostic:
    """Say that machines of a cloud come and go, and a stand-in's data with them."""
    return _notice(
        "HS607",
        f"environments.{environment}.backing_services.{service}",
        "its data moves along when a client is drained, and goes with one that is lost; `managed` keeps it",
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
