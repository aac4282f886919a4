"""Wording of what concerns machines of one's own and the way to them: codes HS461 to HS479."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic


def ssh_missing() -> Diagnostic:
    """There is no OpenSSH client."""
    return Diagnostic(
        "HS461", "ssh is not on PATH", hint="on Debian or Ubuntu: apt-get install openssh-client"
    )


def key_missing(path: str) -> Diagnostic:
    """The file of the private key is not there; ssh would go on without and blame the host."""
    return Diagnostic(
        "HS477",
        f"there is no file {path}",
        path="ssh.key",
        hint="name the private key, not its .pub; without `ssh.key` those of the ssh-agent are used",
    )


def unreachable(host: str, address: str, detail: str) -> Diagnostic:
    """Nothing answers SSH at the address of a host that was never set up."""
    return Diagnostic(
        "HS462",
        f"{host} ({address}) does not answer SSH: {detail}",
        path=f"hosts.{host}.address",
        hint="is the machine on, the address right, the port open? `ssh.port` and `ssh.bastion` say how to get there",
    )


def away(host: str, address: str) -> Diagnostic:
    """A host of the cluster does not answer now; the others can do without."""
    return Diagnostic(
        "HS463",
        f"{host} ({address}) does not answer SSH; what has to change there fails until it does",
        path=f"hosts.{host}",
        hint="bring it back, or take it out of the descriptor: `up` then removes it from the cluster",
        severity="warning",
    )


def login_refused(host: str, user: str | None, detail: str) -> Diagnostic:
    """The host answers and does not let us in."""
    who = f"user {user}" if user else "the user"
    return Diagnostic(
        "HS464",
        f"{host} refuses {who}: {detail}",
        path=f"hosts.{host}",
        hint="ssh.user and ssh.key name the login; the key must be without passphrase or in an ssh-agent",
    )


def host_key_unknown(host: str, address: str, port: int) -> Diagnostic:
    """The identity of a host was never recorded."""
    return Diagnostic(
        "HS465",
        f"the host key of {host} ({address}) is not known",
        path=f"hosts.{host}.host_key",
        hint="log in once with ssh and compare the fingerprint, or: "
        f"`ssh-keyscan -p {port} {address} >> ~/.ssh/known_hosts`, or write it as hosts.{host}.host_key",
    )


def host_key_changed(host: str, address: str, place: str | None) -> Diagnostic:
    """The host shows another key than the recorded one: another machine, or somebody in between.

    `place` is what known_hosts calls it, None where the key stands in the descriptor.
    """
    way = f"`ssh-keygen -R '{place}'`, then record the new key" if place else f"correct hosts.{host}.host_key"
    return Diagnostic(
        "HS466",
        f"{host} ({address}) shows another host key than the one that is known",
        path=f"hosts.{host}.host_key",
        hint=f"only if you replaced or reinstalled that machine: {way}",
    )


def no_sudo(host: str, user: str) -> Diagnostic:
    """The user of a host may not become root without a password."""
    return Diagnostic(
        "HS467",
        f"{user} may not use sudo without a password on {host}",
        path="ssh.user",
        hint=f"there, as root: echo '{user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{user}; "
        "or log in as root: `ssh: {user: root}`",
    )


def other_cluster(host: str, found: str, wanted: str) -> Diagnostic:
    """The host belongs to another cluster of hashistack's."""
    return Diagnostic(
        "HS468",
        f"{host} belongs to the cluster {found}, not to {wanted}",
        path=f"hosts.{host}",
        hint="take it down there first, or leave it out here; a host is in one cluster only",
    )


def locked(host: str, owner: str) -> Diagnostic:
    """Somebody else is changing the cluster."""
    return Diagnostic(
        "HS469",
        f"{owner or 'somebody'} is changing this cluster (lock on {host})",
        hint="wait until they are done and run the command again; the lock goes with their connection",
    )


def lost_during(host: str, doing: str, detail: str) -> Diagnostic:
    """A command on a host failed."""
    return Diagnostic(
        "HS470", f"{host}: {doing} failed: {detail}", path=f"hosts.{host}", hint="run the command again"
    )


def no_credentials(app: str, environment: str, folder: str) -> Diagnostic:
    """This machine has no credentials of the environment's cluster."""
    return Diagnostic(
        "HS471",
        f"no credentials for {app} in {environment} on this machine",
        hint=f"`hashistack up -e {environment}` makes them with the cluster; those of a cluster that exists are in "
        f"{folder} of whoever made it: copy that folder, safely",
    )


def quorum_at_risk(hosts: Sequence[str], servers: int) -> Diagnostic:
    """Taking these servers out at once would leave the others without a majority."""
    return Diagnostic(
        "HS472",
        f"{', '.join(hosts)} are {len(hosts)} of {servers} servers: without them at once there is no quorum",
        path="hosts",
        hint="replace or remove servers one after another, with `hashistack up` between",
    )


def api_silent(product: str, urls: Sequence[str]) -> Diagnostic:
    """No server's API answers."""
    return Diagnostic(
        "HS473",
        f"{product} answers on no server ({', '.join(urls)})",
        hint="are the hosts on, and the ports of docs/ports.md open from here? `hashistack doctor` looks at each host",
    )


def left_behind(host: str, detail: str) -> Diagnostic:
    """A host could not be cleaned."""
    return Diagnostic(
        "HS474",
        f"{host} was not cleaned: {detail}",
        path=f"hosts.{host}",
        hint="when it is back: sudo /usr/local/lib/hashistack/bootstrap.sh remove",
        severity="warning",
    )


def cluster_silent(reason: str) -> Diagnostic:
    """The cluster that is to be removed does not answer: its jobs end with their machines, without a warning."""
    return Diagnostic(
        "HS475",
        f"the cluster does not answer ({reason}); its processes are ended with their machines",
        severity="warning",
    )


def made_elsewhere(hosts: Sequence[str], cluster: str, folder: str) -> Diagnostic:
    """The hosts are a cluster that somebody made with credentials that are not on this machine."""
    return Diagnostic(
        "HS476",
        f"{', '.join(hosts)} are the cluster {cluster} already, and its credentials are not on this machine",
        hint=f'copy {folder} from whoever brought it up; if it is lost: docs/bare-metal.md, "Lost credentials"',
    )


def nothing_to_push(names: Sequence[str], folder: str) -> Diagnostic:
    """Zips that have to be pushed to the hosts are not there."""
    return Diagnostic(
        "HS478",
        f"{', '.join(names)} {'are' if len(names) > 1 else 'is'} not in {folder}, from where hosts are to get them",
        path="software.from",
        hint="download them from the vendor's site into that folder, or let the hosts download: `from: releases`",
    )


def leaves_unasked(hosts: Sequence[str], reason: str) -> Diagnostic:
    """A host was taken out of the list while no server says what it has."""
    addresses = " ".join(f"'terraform_data.member[\"{host}\"]'" for host in hosts)
    return Diagnostic(
        "HS479",
        f"{', '.join(hosts)} would be cleared, and nobody can be asked what only that machine has: {reason}",
        path="hosts",
        hint="wait until the servers answer, and run it again; if no majority of them ever comes back, leave that "
        f"machine as it is: `terraform state rm {addresses}`",
    )
