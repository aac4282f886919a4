"""HS645, HS646 and HS656: what is wrong with Terraform's state, and what to do about it."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic
from hashistack.messages.aws_errors import AGAIN


def state_locked(who: str, since: str, lock: str, doing: str, folder: str) -> Diagnostic:
    """Somebody holds the lock of Terraform's state; `since` and `lock` may be ""."""
    held = f"{who or 'somebody'} is changing this environment" + (f" ({doing})" if doing else "")
    unlock = f"terraform -chdir={folder} force-unlock {lock or 'ID'}"
    return Diagnostic(
        "HS645",
        held + (f", since {since}" if since else ""),
        hint=f"wait until that has ended; if it was killed (ask {who or 'them'}), take its lock away: `{unlock}`",
    )


def interrupted(folder: str, *, saved: bool) -> Diagnostic:
    """An apply ended in the middle; `saved` tells that the state could only be written to a file."""
    if saved:
        return Diagnostic(
            "HS646",
            f"Terraform could not save its state; what it knows is in {folder}/errored.tfstate",
            hint=f"`terraform -chdir={folder} state push errored.tfstate` first, {AGAIN}",
        )
    return Diagnostic(
        "HS646",
        "Terraform was interrupted in the middle of its work",
        hint="run the command again: what is made already stays, the rest is done",
    )


def state_bucket_missing(bucket: str, environment: str) -> Diagnostic:
    """The bucket of the state is not there."""
    return Diagnostic(
        "HS656",
        f"the bucket of Terraform's state does not exist: {bucket}",
        path=f"environments.{environment}.state",
        hint=f"make it once: `hashistack init-state -e {environment}`",
    )


def state_elsewhere(region: str, environment: str) -> Diagnostic:
    """The bucket of the state is in another region than the descriptor says."""
    return Diagnostic(
        "HS656",
        f"the bucket of Terraform's state is in {region}",
        path=f"environments.{environment}.state",
        hint=f"say so: `state: {{bucket: …, region: {region}}}`; unless said, it is the environment's region",
    )


def state_moved(folder: str) -> Diagnostic:
    """The descriptor names another place of the state than the one in which it is."""
    return Diagnostic(
        "HS656",
        "Terraform's state is not yet where the descriptor says",
        hint=f"move it once: `terraform -chdir={folder} init -migrate-state` (it asks, and copies); {AGAIN}",
    )
