"""Wording of what concerns the agents that hashistack starts on this machine: codes HS440 to HS449."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic


def missing_binary(name: str) -> Diagnostic:
    """A program that the local target needs is not on PATH."""
    where = "https://developer.hashicorp.com/" + name + "/install"
    return Diagnostic(
        "HS440", f"{name} is not on PATH", hint=f"install it ({where}), or set the address of one that runs"
    )


def missing_docker() -> Diagnostic:
    """There is no docker command."""
    return Diagnostic(
        "HS441", "docker is not on PATH", hint="install it, on Debian or Ubuntu: apt-get install docker.io"
    )


def docker_silent(answer: str) -> Diagnostic:
    """There is a docker command but no engine behind it."""
    return Diagnostic(
        "HS442",
        f"the Docker engine does not answer: {answer}",
        hint="start it (`systemctl start docker`); if it runs, this user may lack the right to use it (group docker)",
    )


def docker_elsewhere(bridge: str) -> Diagnostic:
    """The engine's bridge is no interface of this machine."""
    return Diagnostic(
        "HS443",
        f"Docker's network {bridge} is not on this machine",
        hint="Docker runs in a virtual machine or elsewhere; use Linux, or set NOMAD_ADDR and CONSUL_HTTP_ADDR",
    )


def agent_died(name: str, log: str, tail: str) -> Diagnostic:
    """An agent of ours ended or did not become ready."""
    return Diagnostic("HS444", f"{name} did not start: {tail}", hint=f"its log is {log}")


def not_local(product: str, url: str) -> Diagnostic:
    """The target is local but the address is not on this machine, so no agent is started there."""
    return Diagnostic(
        "HS445",
        f"{product} does not answer at {url}, and hashistack starts agents on this machine only",
        hint="unset the address to have one started here",
    )


def driver_missing(detail: str) -> Diagnostic:
    """Nomad runs but its docker driver is not healthy."""
    return Diagnostic(
        "HS446", f"Nomad's docker driver is not ready: {detail}", hint="check that the Docker engine runs"
    )
