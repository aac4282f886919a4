"""Wording of what concerns the operator's credentials and the start of access control: codes HS480 to HS489."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hashistack.diagnostics import Diagnostic

_PAGE = "docs/bare-metal.md#lost-credentials"


def broken_credentials(path: str, reason: str) -> Diagnostic:
    """A file of the operator's folder cannot be understood."""
    return Diagnostic(
        "HS480",
        f"the credentials in {path} are broken: {reason}",
        hint=f"put the file back from a copy of the folder; without one, see {_PAGE}",
    )


def operator_missing(folder: str) -> Diagnostic:
    """The operator's own certificate is gone; it opens Consul's API, and is the easiest to make anew."""
    return Diagnostic(
        "HS487",
        f"operator.pem or operator-key.pem is missing in {folder}",
        hint="`hashistack up` makes both anew",
    )


def authority_expires(end: datetime) -> Diagnostic:
    """The certificate authority is too old to sign anything."""
    return Diagnostic(
        "HS481",
        f"the certificate authority of this cluster ends on {end:%Y-%m-%d}, and no certificate can outlive it",
        hint="move ca.pem and ca-key.pem out of the folder of the credentials and run `hashistack up` again: all hosts "
        f"get new certificates, one after another; jobs go on ({_PAGE})",
    )


def authority_ages(end: datetime) -> Diagnostic:
    """The certificate authority comes to its end."""
    return Diagnostic(
        "HS482",
        f"the certificate authority of this cluster ends on {end:%Y-%m-%d}",
        hint="choose a quiet hour before that, move ca.pem and ca-key.pem out of the folder of the credentials and run "
        "`hashistack up`",
        severity="warning",
    )


def not_our_token(product: str, answer: str) -> Diagnostic:
    """Access control was started with another management token than ours."""
    file = (
        "/opt/consul/acl-bootstrap-reset" if product == "Consul" else "/opt/nomad/server/acl-bootstrap-reset"
    )
    return Diagnostic(
        "HS483",
        f"{product} was bootstrapped with another management token: {answer}",
        hint="use the credentials that it was made with (copy the folder of whoever made it); if they are lost, write "
        f"the reset index into {file} on the leader and run this again ({_PAGE})",
    )


def no_leader_yet(product: str, seconds: float) -> Diagnostic:
    """The servers have not found a leader in time."""
    return Diagnostic(
        "HS484",
        f"{product} has no leader after {seconds:.0f} s",
        hint=f"a majority of the servers must run and reach each other: `journalctl -u {product.lower()}` on each",
    )


def not_joined(hosts: Sequence[str], seconds: float) -> Diagnostic:
    """Hosts have their introduction and did not register."""
    return Diagnostic(
        "HS485",
        f"{', '.join(hosts)} did not join Nomad within {seconds:.0f} s",
        hint="`journalctl -u nomad` there says why; running this again introduces them anew",
    )


def no_hosts(environment: str, target: str) -> Diagnostic:
    """The environment's target has no hosts of its own, so there are no credentials."""
    return Diagnostic(
        "HS486",
        f"environment {environment} has target {target}; hashistack keeps no credentials for it",
        hint="for another cluster, set NOMAD_ADDR, NOMAD_TOKEN, CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN yourself",
    )
