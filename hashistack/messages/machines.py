"""Wording of what Terraform does on machines of one's own: codes HS460 and HS490 to HS499."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic


def terraform_missing() -> Diagnostic:
    """Neither Terraform nor OpenTofu is there."""
    return Diagnostic(
        "HS460",
        "neither terraform nor tofu is on PATH",
        hint="install Terraform 1.11 or later (https://developer.hashicorp.com/terraform/install), or OpenTofu 1.11",
    )


def not_rendered(folder: str) -> Diagnostic:
    """There is no Terraform to run."""
    return Diagnostic(
        "HS496",
        f"{folder} is not there",
        hint="`hashistack render` writes it; -o names another output folder",
    )


def state_locked(who: str, since: str) -> Diagnostic:
    """Somebody else's Terraform works on the same state; `since` is Terraform's own text, it may be ""."""
    return Diagnostic(
        "HS490",
        f"Terraform is run here by {who}" + (f", since {since}" if since else ""),
        hint="wait until that has ended; if it was killed, `terraform force-unlock` in this folder",
    )


def host_problem(host: str, error: str, fix: str) -> Diagnostic:
    """The script on the host found out what is wrong; both texts are its own."""
    return Diagnostic("HS491", f"{host}: {error}", path=f"hosts.{host}", hint=fix)


def host_silent(host: str, detail: str) -> Diagnostic:
    """No SSH connection to the host came about in time; `detail` is Terraform's last error."""
    return Diagnostic(
        "HS492",
        f"{host} cannot be reached over SSH: {' '.join(detail.split())}",
        path=f"hosts.{host}",
        hint=f"is it on, and is `ssh {host}` let in? then run the command again: only what is missing is done",
    )


def host_failed(host: str, phase: str, last: str) -> Diagnostic:
    """Something failed on the host, and nobody said why; `last` is the last line that was said."""
    return Diagnostic(
        "HS493",
        f"{host}: {phase} failed: {last}",
        path=f"hosts.{host}",
        hint=f"`journalctl -t hashistack` on {host} has all of it; then run the command again",
    )


def hosts_waiting(hosts: Sequence[str]) -> Diagnostic:
    """Hosts whose turn did not come, because a server before them failed."""
    return Diagnostic(
        "HS494",
        f"not started yet because of it: {', '.join(hosts)}",
        hint="servers start one after another, each when the one before is well; run the command again to go on",
    )


def terraform_failed(doing: str, reason: str) -> Diagnostic:
    """Terraform itself failed, not a host."""
    return Diagnostic(
        "HS495",
        f"terraform {doing} failed: {reason or 'it said nothing'}",
        hint="put that right, then run it again",
    )
