"""Wording of what concerns the agents of this machine: codes HS440 to HS449; what they can store: HS453 and HS454."""

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


def unreadable_token(file: str, reason: str) -> Diagnostic:
    """The file that should hold Consul's token cannot be read."""
    return Diagnostic(
        "HS447",
        f"cannot read Consul's token from {file}: {reason}",
        hint="correct CONSUL_HTTP_TOKEN_FILE, or unset it",
    )


def unusable_state(path: str, reason: str) -> Diagnostic:
    """The folder in which hashistack remembers what it did cannot be used; `reason` is the operating system's."""
    return Diagnostic(
        "HS448",
        f"cannot use {path}: {reason}",
        hint="hashistack keeps there what it did; put that right, or name another folder with XDG_STATE_HOME",
    )


def binary_secret(name: str) -> Diagnostic:
    """A secret's value is no text, and a Nomad variable holds nothing else."""
    return Diagnostic(
        "HS453",
        f"the value of {name} is not UTF-8 text",
        hint="encode it, for example with base64, and let the app decode it",
    )


def long_secret(name: str, size: int) -> Diagnostic:
    """A secret does not fit into a Nomad variable; `size` in bytes."""
    return Diagnostic(
        "HS454",
        f"the value of {name} has {size} bytes; a Nomad variable holds 64 KiB, names and values together",
        hint="store the data elsewhere, and the key to it as the secret",
    )
