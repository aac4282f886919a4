"""Wordings about the names of secrets (HS214, HS229, HS241)."""

from __future__ import annotations

from collections.abc import Iterable

from hashistack.diagnostics import Diagnostic

PASSWORD_NOT_SECRET = "HS229"  # noqa: S105 - a code


def secret_in_env(path: str, name: str) -> Diagnostic:
    """The same name in `env` and in `secrets`."""
    hint = "a secret reaches the process as a variable of its own name: remove it from env"
    return Diagnostic("HS214", f"{name} is also one of the secrets", path, hint)


def secret_cannot_be_read(path: str, name: str) -> Diagnostic:
    """A secret whose name means something else in Nomad's templates."""
    return Diagnostic(
        "HS241", f"the name {name} means something else to Nomad's templates", path, f"write {name.upper()}"
    )


def password_not_secret(path: str, known: Iterable[str]) -> Diagnostic:
    """`registry.password` names no secret; it may be the password itself, so it is not shown."""
    names = ", ".join(known)
    hint = (
        f"name one of: {names}"
        if names
        else "write the name of a secret here, for example REGISTRY_PASSWORD, and list it in secrets"
    )
    return Diagnostic(
        PASSWORD_NOT_SECRET, "should be the name of a secret, never the password itself", path, hint
    )
