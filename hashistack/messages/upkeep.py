"""Wording of backups and upgrades: codes HS427 to HS439, HS455 to HS457."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic

_TOKENS = (
    "a snapshot brings back the access control of its time: a token that was made later is unknown to it. Use the "
    "operator's folder of that time"
)


# --- backups


def backup_exists(folder: str) -> Diagnostic:
    """There is a backup of this second already."""
    return Diagnostic(
        "HS427", f"{folder} exists already; a backup never overwrites", hint="run the command again"
    )


def backup_unwritable(folder: str, reason: str) -> Diagnostic:
    """The backup cannot be kept."""
    return Diagnostic(
        "HS428", f"cannot write the backup {folder}: {reason}", hint="choose another folder with --to"
    )


def broken_snapshot(product: str, reason: str) -> Diagnostic:
    """What a server sent is no whole snapshot."""
    return Diagnostic(
        "HS429",
        f"{product} sent a snapshot that cannot be used: {reason}",
        hint="run the command again; nothing of it was kept",
    )


def no_backup(folder: str, reasons: Sequence[str]) -> Diagnostic:
    """A folder is no backup, or is not any more what was written."""
    return Diagnostic(
        "HS430",
        f"{folder} is no complete backup: {'; '.join(reasons)}",
        hint="nothing was restored; take another one. `sha256sum -c SHA256SUMS` in that folder shows the same",
    )


def backup_of_another(folder: str, found: str, wanted: str) -> Diagnostic:
    """The backup belongs to another cluster."""
    return Diagnostic(
        "HS431",
        f"{folder} is a backup of {found}, not of {wanted}",
        hint="a snapshot replaces everything in a cluster, the identity of its servers included",
    )


def restore_needs_yes(app: str, environment: str) -> Diagnostic:
    """Nobody is there to be asked."""
    return Diagnostic(
        "HS436",
        f"this replaces all that the servers of {app} in {environment} have, and nobody is there to be asked",
        hint="--yes goes ahead without asking",
    )


def made_by_newer(product: str, taken: str, running: str) -> Diagnostic:
    """The snapshot was made by a newer version than the one that runs."""
    return Diagnostic(
        "HS432",
        f"the snapshot was made by {product} {taken}, and {running} runs: it may not understand its content",
        hint=f"upgrade to {taken} first: `software` in the descriptor, then `hashistack upgrade`",
        severity="warning",
    )


def locked_out(product: str) -> Diagnostic:
    """The snapshot is in place and does not know the operator's token."""
    return Diagnostic(
        "HS433",
        f"{product} was restored and does not know the token of this machine's credentials",
        hint=f"{_TOKENS}, or reset the access control as docs/bare-metal.md says",
    )


def not_back(product: str, seconds: float) -> Diagnostic:
    """The servers have the snapshot and agree on no leader."""
    return Diagnostic(
        "HS434",
        f"{product} has no leader {seconds:.0f} s after the restore",
        hint="`hashistack doctor` says which server is missing; the restore itself is done",
    )


def jobs_missing(jobs: Sequence[str]) -> Diagnostic:
    """Jobs of the backup are not in the cluster."""
    return Diagnostic(
        "HS435",
        f"restored, but not there: {', '.join(jobs)}",
        hint="`hashistack up` submits what is missing; `hashistack status` shows what runs",
    )


def not_begun(instances: Sequence[str]) -> Diagnostic:
    """The servers have the backup, and instances of its jobs do not run."""
    return Diagnostic(
        "HS457",
        f"restored, but placed and not begun: {', '.join(instances)}",
        hint="`hashistack status` says what they wait for; it may have been so before",
    )


# --- upgrades


def not_ready_to_upgrade(reasons: Sequence[str]) -> Diagnostic:
    """The cluster is not healthy enough to take a machine out."""
    return Diagnostic(
        "HS437",
        f"the cluster is not healthy, and an upgrade takes one machine out at a time: {'; '.join(reasons)}",
        hint="`hashistack doctor` says what to do about each",
    )


def downgrade(host: str, product: str, running: str, wanted: str) -> Diagnostic:
    """A host runs a newer version than the descriptor wants."""
    return Diagnostic(
        "HS438",
        f"{host} runs {product} {running}, and the descriptor says {wanted}: going back is not supported",
        path=f"software.{product.lower()}",
        hint=f"write {running} or newer; the data of a newer version may not be understood by an older one",
    )


def skips_a_version(product: str, running: str, wanted: str) -> Diagnostic:
    """The upgrade goes over more than the next minor version."""
    return Diagnostic(
        "HS439",
        f"{product} goes from {running} to {wanted}: its makers test upgrades between neighbouring versions",
        path=f"software.{product.lower()}",
        hint="read the upgrade notes of each version between, or go step by step",
        severity="warning",
    )


def unhealthy_after(host: str, reasons: Sequence[str], rest: Sequence[str]) -> Diagnostic:
    """A host did not come back; the others stay as they are."""
    left = f"; not touched: {', '.join(rest)}" if rest else ""
    return Diagnostic(
        "HS455",
        f"{host} is not healthy after its upgrade: {'; '.join(reasons)}{left}",
        path=f"hosts.{host}",
        hint=f"on {host}: journalctl -u nomad -u consul; when it is well again, `hashistack upgrade` goes on from here",
    )


def nothing_but_machines(command: str, environment: str, target: str) -> Diagnostic:
    """The command is about machines of one's own."""
    return Diagnostic(
        "HS456",
        f"`{command}` is for `target: onprem`; the target of {environment} is {target}",
        path=f"environments.{environment}.target",
    )
