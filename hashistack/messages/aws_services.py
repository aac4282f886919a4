"""Wording of what concerns services that AWS runs: codes HS665 to HS669."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic


def strange_output(reason: str) -> Diagnostic:
    """Terraform's output has another form than the files that we render give it."""
    return Diagnostic(
        "HS665",
        f"Terraform's output backing_services cannot be read: {reason}",
        hint="`terraform output backing_services` shows it; `hashistack up` renders the files anew and applies them",
    )


def strange_logins(file: str, reason: str) -> Diagnostic:
    """What is remembered of logins cannot be read."""
    return Diagnostic(
        "HS666",
        f"{file} in the operator's folder: {reason}",
        hint="its parameter in AWS has a history: `aws ssm get-parameter-history --with-decryption`; with what was "
        "there before, or with a newer hashistack, this goes on",
    )


def cache_busy(group: str, status: str, seconds: float) -> Diagnostic:
    """ElastiCache has not finished a change."""
    return Diagnostic(
        "HS667",
        f"ElastiCache {group} is still {status} after {seconds / 60:.0f} min",
        hint="`hashistack up` goes on where this ended",
    )


def nothing_to_rotate(name: str, known: Sequence[str]) -> Diagnostic:
    """A name that is no service with a login of its own."""
    hint = f"those that have one: {', '.join(known)}" if known else "no service of this environment has one"
    return Diagnostic("HS668", f"{name} is no service whose login AWS checks", hint=hint)


def nothing_managed(environment: str) -> Diagnostic:
    """Only logins of services that AWS runs are changed by us."""
    return Diagnostic(
        "HS669",
        f"{environment} has no services that a cloud runs",
        hint="a secret of the app is changed by `hashistack secrets set`",
    )
