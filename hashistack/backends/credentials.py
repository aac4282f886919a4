"""The operator's folder: all credentials of one app's environment, for this user's eyes only, never in stack/.

    ca.pem ca-key.pem operator.pem operator-key.pem ingress.pem ingress-key.pem    certificates and keys
    hosts/NAME/agent.pem hosts/NAME/agent-key.pem                                  those of each host
    credentials.json                                                               gossip keys and tokens
    terraform.tfvars.json                                                          what Terraform is handed
    known_hosts cluster/                                                           what is known of the hosts and jobs

Every file is replaced in one step and a key is written before its certificate: a run that is interrupted leaves a
pair that does not belong together at worst, and the next one makes it anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hashistack.backends.state import StateFolder, private_folder, remove_folder, state_home
from hashistack.credentials.handout import rescue
from hashistack.credentials.values import Credentials, Found, Gossip, Identity, Secrets, Token
from hashistack.diagnostics import HashistackError
from hashistack.messages import agents
from hashistack.messages import credentials as messages
from hashistack.model import Stack
from hashistack.plan.sensitive import Sensitive

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class CredentialsFolder:
    """One operator's folder of one app's environment."""

    path: Path

    @property
    def authority(self) -> Path:
        """The certificate of the authority, as NOMAD_CACERT and CONSUL_CACERT name it."""
        return self.path / "ca.pem"

    @property
    def operator(self) -> tuple[Path, Path]:
        """The operator's certificate and key, as CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY name them."""
        return self.path / "operator.pem", self.path / "operator-key.pem"

    @property
    def variables(self) -> Path:
        """What Terraform is handed with -var-file."""
        return self.path / "terraform.tfvars.json"

    @property
    def rescued(self) -> Path:
        """Where the secrets.env of a server is put by hand when all credentials are lost."""
        return self.path / "rescued.env"

    @property
    def known_hosts(self) -> Path:
        """The host keys that were verified, in OpenSSH's format."""
        return self.path / "known_hosts"

    @property
    def cluster(self) -> StateFolder:
        """The records of what was put into the cluster."""
        return StateFolder(self.path / "cluster")

    def read(self) -> Found:
        """Read what is there; raise where a file is broken, or the authority's key is gone."""
        saved = _read_json(self.path / "credentials.json")
        hosts = sorted(path.name for path in (self.path / "hosts").glob("*/"))
        identities = {name: self._identity(_agent(name)) for name in hosts}
        if self.authority.exists() and not (self.path / "ca-key.pem").exists():
            raise HashistackError(messages.broken_credentials(str(self.path), "ca-key.pem is missing"))
        return Found(
            authority=self._identity("ca"),
            operator=self._identity("operator"),
            ingress=self._identity("ingress"),
            secrets=_secrets(saved, self.path) if saved else None,
            identities={name: identity for name, identity in identities.items() if identity},
            agents=_agents(saved, self.path) if saved else {},
            rescued=None if saved else self._rescued(),
        )

    def write(self, credentials: Credentials, dropped: tuple[str, ...] = ()) -> None:
        """Write all files that differ, and remove those of hosts that were dropped."""
        private_folder(self.path)
        self._write_identity("ca", credentials.authority)
        self._write("credentials.json", _as_json(credentials))
        self._write_identity("operator", credentials.operator)
        if credentials.ingress:
            self._write_identity("ingress", credentials.ingress)
        for name, host in credentials.hosts.items():
            private_folder(self.path / "hosts" / name)
            self._write_identity(_agent(name), host.identity)
        for name in dropped:
            remove_folder(self.path / "hosts" / name)
        with _explained(self.rescued):
            self.rescued.unlink(missing_ok=True)

    def write_variables(self, values: Mapping[str, object]) -> None:
        """Write what Terraform is handed; it holds secrets."""
        private_folder(self.path)
        self._write(self.variables.name, _document(values))

    def write_known_hosts(self, text: str) -> None:
        """Write the host keys that are known, in OpenSSH's format."""
        private_folder(self.path)
        self._write(self.known_hosts.name, text.encode())

    def keep(self, name: str, text: str) -> None:
        """Write one file, in a folder that only its owner may look into."""
        private_folder((self.path / name).parent)
        self._write(name, text.encode())

    def _rescued(self) -> Gossip | None:
        """Read the gossip keys from a server's secrets.env, put here by hand because all else is lost."""
        if not self.rescued.exists():
            return None
        if gossip := rescue(_read(self.rescued)):
            return gossip
        reason = "CONSUL_GOSSIP_KEY or NOMAD_GOSSIP_KEY is missing"
        raise HashistackError(messages.broken_credentials(str(self.rescued), reason))

    def _identity(self, name: str) -> Identity | None:
        """Read a certificate and its key; None unless both are there."""
        certificate, key = self.path / f"{name}.pem", self.path / f"{name}-key.pem"
        if not certificate.exists() or not key.exists():
            return None
        identity = Identity(_read(certificate), Sensitive(_read(key)))
        _check(identity, certificate)
        return identity

    def _write_identity(self, name: str, identity: Identity) -> None:
        self._write(f"{name}-key.pem", identity.key.reveal().encode())
        self._write(f"{name}.pem", identity.certificate.encode())

    def _write(self, name: str, content: bytes) -> None:
        target = self.path / name
        with _explained(target):
            if target.exists() and target.read_bytes() == content and target.stat().st_mode & 0o077 == 0:
                return
            temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
            try:
                _create(temporary, content)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)


def credentials_folder(environ: Mapping[str, str], stack: Stack) -> CredentialsFolder:
    """Return the folder of a stack's environment; it need not exist."""
    return CredentialsFolder(state_home(environ) / f"{stack.app}@{stack.environment.name}")


def _create(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # the key of a whole cluster: a power cut must not leave an empty file


def _agent(host: str) -> str:
    return f"hosts/{host}/agent"


def _check(identity: Identity, path: Path) -> None:
    from hashistack.credentials import authority

    try:
        authority.expires(identity)
        authority.check_key(identity)
    except ValueError as error:
        reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise HashistackError(messages.broken_credentials(str(path), reason)) from None


def _read(path: Path) -> str:
    with _explained(path):
        return path.read_bytes().decode(errors="replace")


def _read_json(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        content = json.loads(_read(path))
    except ValueError as error:
        raise HashistackError(messages.broken_credentials(str(path), str(error))) from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise HashistackError(messages.broken_credentials(str(path), f"not of format {_FORMAT}"))
    return content


def _secrets(saved: Mapping[str, Any], folder: Path) -> Secrets:
    with _whole(folder):
        return Secrets(
            gossip=Gossip(_sensitive(saved["consul_gossip"]), _sensitive(saved["nomad_gossip"])),
            consul_management=_sensitive(saved["consul_management"]),
            nomad_management=_sensitive(saved["nomad_management"]),
            consul_dns=_token(saved["consul_dns"]),
            consul_nomad=_token(saved["consul_nomad"]),
            consul_snapshot=_token(saved["consul_snapshot"]),
        )


def _agents(saved: Mapping[str, Any], folder: Path) -> dict[str, Token]:
    with _whole(folder):
        return {name: _token(token) for name, token in saved["hosts"].items()}


def _token(saved: Mapping[str, Any]) -> Token:
    return Token(str(saved["accessor"]), _sensitive(saved["secret"]))


def _sensitive(value: object) -> Sensitive:
    if not isinstance(value, str) or not value:
        raise TypeError("a value")
    return Sensitive(value)


def _as_json(credentials: Credentials) -> bytes:
    shared = credentials.secrets
    return _document(
        {
            "format": _FORMAT,
            "consul_gossip": shared.gossip.consul.reveal(),
            "nomad_gossip": shared.gossip.nomad.reveal(),
            "consul_management": shared.consul_management.reveal(),
            "nomad_management": shared.nomad_management.reveal(),
            "consul_dns": _plain(shared.consul_dns),
            "consul_nomad": _plain(shared.consul_nomad),
            "consul_snapshot": _plain(shared.consul_snapshot),
            "hosts": {name: _plain(host.consul) for name, host in credentials.hosts.items()},
        }
    )


def _plain(token: Token) -> dict[str, str]:
    return {"accessor": token.accessor, "secret": token.secret.reveal()}


def _document(values: Mapping[str, object]) -> bytes:
    return json.dumps(values, indent=2, sort_keys=True).encode() + b"\n"


@contextmanager
def _whole(folder: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        path, reason = folder / "credentials.json", f"{error} is missing or wrong"
        raise HashistackError(messages.broken_credentials(str(path), reason)) from None


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HashistackError(agents.unusable_state(str(path), error.strerror or str(error))) from None
