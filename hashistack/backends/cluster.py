"""One cluster as a command sees it: Nomad, Consul, the agents of this machine and what it remembers of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from hashistack.backends.agents import LocalAgents
from hashistack.backends.consul import Consul
from hashistack.backends.endpoint import consul_endpoint, nomad_endpoint
from hashistack.backends.nomad import Nomad
from hashistack.backends.state import Record, StateFolder, state_folder


@dataclass(frozen=True, slots=True)
class Cluster:
    """All that a command may ask of a cluster."""

    nomad: Nomad
    consul: Consul
    agents: LocalAgents
    state: StateFolder

    @property
    def consul_address(self) -> str:
        """Where the agents of this machine reach Consul, as host:port."""
        return f"{self.consul.endpoint.host}:{self.consul.endpoint.port}"


def connect(environ: Mapping[str, str]) -> Cluster:
    """Open the cluster that Nomad's and Consul's own variables name; nothing is asked yet."""
    nomad, consul = nomad_endpoint(environ), consul_endpoint(environ)
    state = state_folder(environ, nomad)
    return Cluster(Nomad(nomad), Consul(consul), LocalAgents(nomad, consul, state, environ), state)


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
