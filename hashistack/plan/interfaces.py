"""What the executor needs of a cluster: implemented by `backends`, and by small fakes in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hashistack.plan.actual import Json, Registration, Variable
from hashistack.plan.volumes import Volume


class Variables(Protocol):
    """Nomad's variables."""

    def variable(self, path: str) -> Variable | None:
        """Read a variable."""

    def put_variable(self, variable: Variable) -> None:
        """Store a variable against the index that was read."""

    def delete_variable(self, path: str) -> None:
        """Delete a variable."""


class Jobs(Variables, Protocol):
    """Nomad: jobs, what became of them, and variables."""

    def job(self, job_id: str) -> Json | None:
        """Return the job as Nomad runs it, or None."""

    def jobs(self) -> list[Json]:
        """List every job with its meta."""

    def register(self, job: Json, index: int, source: str, variables: Mapping[str, str]) -> Registration:
        """Submit the job if its JobModifyIndex still is `index`."""

    def stop(self, job_id: str) -> None:
        """Stop the job."""

    def purge(self, job_id: str) -> None:
        """Stop the job and forget it and its allocations at once."""

    def reschedule(self, job_id: str) -> None:
        """Place failed instances of the job anew without waiting."""

    def allocations(self, job_id: str) -> list[Json]:
        """List the allocations of the job, newest first."""

    def evaluation(self, evaluation_id: str) -> Json | None:
        """Return one evaluation."""

    def evaluations(self, job_id: str) -> list[Json]:
        """List the evaluations of the job, newest first."""

    def deployments(self, job_id: str) -> list[Json]:
        """List the deployments of the job, newest first."""

    def deployment(self, deployment_id: str, index: int = 0, wait: int = 5) -> tuple[int, Json | None]:
        """Return a deployment and its index, after it changed or `wait` seconds."""

    def deployment_allocations(self, deployment_id: str) -> list[Json]:
        """List the allocations of a deployment, newest first."""

    def fail_deployment(self, deployment_id: str) -> None:
        """Give a deployment up."""

    def log(
        self, allocation_id: str, task: str, stream: str, offset: int = 0, origin: str = "start"
    ) -> bytes:
        """Read a task's stdout or stderr."""


class Services(Protocol):
    """Consul: who is healthy."""

    def passing(self, service: str) -> bool:
        """Tell whether the service has an instance all of whose checks pass."""

    def instances(self, service: str) -> list[Json]:
        """List the instances of a service with their checks."""

    def forget(self, prefix: str) -> None:
        """Delete all keys that begin with the prefix."""


class Disks(Protocol):
    """Nomad's volumes."""

    def volumes(self) -> tuple[Volume, ...]:
        """Return every volume."""

    def create(self, name: str, node: str, storage: int) -> str:
        """Make a volume of `storage` MiB on a machine and return its id."""

    def state(self, volume: str) -> str:
        """Return the state of a volume; "ready" once it can be used."""

    def delete(self, volume: str) -> None:
        """Delete a volume with what is in it."""


class Journal(Protocol):
    """The memory of this machine: what was put into the cluster, so that `down` removes that and nothing else."""

    def job_submitted(self, job: str) -> None:
        """Remember a job before it is submitted."""

    def variable_stored(self, path: str) -> None:
        """Remember a variable before it is made."""

    def volume_made(self, name: str) -> None:
        """Remember the name of volumes before they are made."""


class Clock(Protocol):
    """Time that tests can turn."""

    def now(self) -> float:
        """Return seconds since some moment."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    def today(self) -> str:
        """Return the date and time as people write it, in UTC."""
