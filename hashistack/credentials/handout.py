"""What of the credentials goes to whom: the text of a host's secrets.env, the values of Terraform's variables."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hashistack.credentials.values import Credentials, Gossip
from hashistack.model import Host, Stack
from hashistack.plan.sensitive import Sensitive

_VERSION_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Access:
    """How Terraform recognises the hosts and logs in.

    `host_keys` are all public keys that a host's SSH server may show, by host. `bastion_host_keys` are None without a
    bastion; `binaries` is the folder of the zips where they are pushed, for which it takes the `architectures`.
    """

    host_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ssh_key_file: str | None = None
    bastion_host_keys: Sequence[str] | None = None
    binaries: str | None = None
    architectures: Mapping[str, str] = field(default_factory=dict)
    adopt: bool = False

    def variables(self) -> dict[str, object]:
        """Return the variables of the rendered Terraform; one that it does not declare is left out."""
        values: dict[str, object] = {
            "host_keys": {name: list(keys) for name, keys in self.host_keys.items()},
            "ssh_key_file": self.ssh_key_file,
            "adopt": self.adopt,
        }
        if self.bastion_host_keys is not None:
            values["bastion_host_keys"] = list(self.bastion_host_keys)
        if self.binaries is not None:
            values |= {"binaries": self.binaries, "architectures": dict(self.architectures)}
        return values


def secrets_env(host: Host, credentials: Credentials) -> Sensitive:
    """Return the text of a host's /etc/hashistack/secrets.env: lines NAME='value'."""
    mine, shared = credentials.hosts[host.name], credentials.secrets
    values = {
        "TLS_CA": _base64(credentials.authority.certificate),
        "TLS_CERT": _base64(mine.identity.certificate),
        "TLS_KEY": _base64(mine.identity.key.reveal()),
        "CONSUL_GOSSIP_KEY": shared.gossip.consul.reveal(),
        "CONSUL_AGENT_TOKEN": mine.consul.secret.reveal(),
        "CONSUL_DNS_TOKEN": shared.consul_dns.secret.reveal(),
        "CONSUL_NOMAD_TOKEN": shared.consul_nomad.secret.reveal(),
    }
    if "server" in host.roles:
        values["NOMAD_GOSSIP_KEY"] = shared.gossip.nomad.reveal()
        values["CONSUL_SNAPSHOT_TOKEN"] = shared.consul_snapshot.secret.reveal()
    return Sensitive("".join(f"{name}='{value}'\n" for name, value in values.items()))


def rescue(text: str) -> Gossip | None:
    """Return the gossip keys in the secrets.env of a server; None where they are not both in it."""
    pairs = (line.partition("=")[::2] for line in text.splitlines())
    told = {name.strip(): value.strip().strip("'") for name, value in pairs}
    consul, nomad = told.get("CONSUL_GOSSIP_KEY"), told.get("NOMAD_GOSSIP_KEY")
    return Gossip(Sensitive(consul), Sensitive(nomad)) if consul and nomad else None


def terraform_variables(stack: Stack, credentials: Credentials, access: Access) -> dict[str, object]:
    """Return the content of terraform.tfvars.json; it holds secrets.

    A host's version changes when its secrets do, which is how Terraform sees that they have to be uploaded again.
    """
    texts = {host.name: secrets_env(host, credentials).reveal() for host in stack.environment.hosts}
    return {
        "secrets": texts,
        "secret_versions": {name: _version(text) for name, text in texts.items()},
        **access.variables(),
    }


def _base64(pem: str) -> str:
    return b64encode(pem.encode()).decode()


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_DIGITS]
