"""One cluster as a command sees it: Nomad, Consul, the agents of this machine and what it remembers of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from hashistack.backends.agents import LocalAgents
from hashistack.backends.consul import Consul
from hashistack.backends.credentials import CredentialsFolder
from hashistack.backends.endpoint import Product, consul_endpoint, nomad_endpoint
from hashistack.backends.nomad import Nomad
from hashistack.backends.servers import Bases, consul_servers, first_answering, nomad_servers
from hashistack.backends.state import Record, StateFolder, state_folder
from hashistack.credentials.values import Secrets


class Agents(Protocol):
    """The agents of this machine, as far as they are ours to start and stop."""

    def silent(self) -> tuple[Product, ...]:
        """Return the products that nobody answers for."""

    def ours(self) -> tuple[str, ...]:
        """Name the agents that were started here and still run."""

    def remains(self) -> bool:
        """Tell whether there is anything of agents that were started here."""

    def start(self) -> tuple[str, ...]:
        """Start the agents that nobody answers for; return their names."""

    def stop(self, *, keeps_data: bool = False) -> tuple[str, ...]:
        """Stop the agents that were started here; return their names."""


class NoAgents:
    """The agents run on other machines, and none here."""

    def silent(self) -> tuple[Product, ...]:
        """Return none: whether they answer is seen when they are asked."""
        return ()

    def ours(self) -> tuple[str, ...]:
        """Return none."""
        return ()

    def remains(self) -> bool:
        """Return no."""
        return False

    def start(self) -> tuple[str, ...]:
        """Start none."""
        return ()

    def stop(self, *, keeps_data: bool = False) -> tuple[str, ...]:
        """Stop none."""
        return ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """All that a command may ask of a cluster; `consul_address` is where its nodes reach Consul, as host:port."""

    nomad: Nomad
    consul: Consul
    agents: Agents
    state: StateFolder
    consul_address: str


def connect(environ: Mapping[str, str]) -> Cluster:
    """Open the cluster that Nomad's and Consul's own variables name; nothing is asked yet."""
    nomad, consul = nomad_endpoint(environ), consul_endpoint(environ)
    state = state_folder(environ, nomad)
    agents = LocalAgents(nomad, consul, state, environ)
    return Cluster(Nomad(nomad), Consul(consul), agents, state, f"{consul.host}:{consul.port}")


def open_secured(bases: Bases, folder: CredentialsFolder, secrets: Secrets) -> Cluster:
    """Open a secured cluster at the first server that answers; raise if none does."""
    nomad = first_answering(nomad_servers(bases, folder, secrets))
    consul = first_answering(consul_servers(bases, folder, secrets))
    return Cluster(Nomad(nomad), Consul(consul), NoAgents(), folder.cluster, "127.0.0.1:8500")


class StateJournal:
    """Keeps the record of an app's environment up to date while it is changed."""

    def __init__(self, state: StateFolder, app: str, environment: str) -> None:
        """Go on with what is remembered already."""
        self._state = state
        self.record: Record = state.record(app, environment)

    def job_submitted(self, job: str) -> None:
        """Remember a job before it is submitted."""
        self._keep(self.record.with_job(job))

    def variable_stored(self, path: str) -> None:
        """Remember a variable before it is made."""
        self._keep(self.record.with_variable(path))

    def volume_made(self, name: str) -> None:
        """Remember the name of volumes before they are made."""
        self._keep(self.record.with_volume(name))

    def _keep(self, record: Record) -> None:
        if record != self.record:
            self.record = record
            self._state.save(record)


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def today(self) -> str:
        """Return the date and time in UTC, to the second."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
