"""What can be done to a cluster, as values: a plan is a list of them; only the executor gives them effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hashistack.diagnostics import Diagnostic
from hashistack.plan.actual import Candidate
from hashistack.plan.sensitive import Sensitive

JobKind = Literal["service", "periodic", "system"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A machine that gets a volume, by its id in Nomad and its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class StoreSecrets:
    """Add items to the variable at `path`."""

    path: str
    values: Mapping[str, Sensitive]


@dataclass(frozen=True, slots=True)
class GenerateCredentials:
    """Add random items of these names to the variable at `path`."""

    path: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateVolumes:
    """Make a volume `name` of `storage` MiB on each of the places, and wait until all can be used."""

    name: str
    places: tuple[Spot, ...]
    storage: int


@dataclass(frozen=True, slots=True)
class IssueCertificate:
    """Make the certificate of a stand-in's members, good at these addresses and names; if need be its authority.

    A job that says another `edition` than the cluster keeps beside the certificate has members with an older one.
    """

    job: str
    addresses: tuple[str, ...]
    edition: int = 0


@dataclass(frozen=True, slots=True)
class AwaitService:
    """Wait until the Consul service `service` of the backing service `name` has a passing instance.

    `members` is how many it has in all, which is told while it is waited for.
    """

    name: str
    service: str
    members: int = 1


@dataclass(frozen=True, slots=True)
class RunSetup:
    """Run what is done once to a stand-in, to its end; `content` is remembered in the variable at `outcomes`."""

    job: str
    candidate: Candidate
    content: str
    outcomes: str
    placement_patience: int


@dataclass(frozen=True, slots=True)
class RunRelease:
    """Run the release step and go on only if it succeeds; `outcomes` is the variable that remembers it."""

    job: str
    version: str
    candidate: Candidate
    outcomes: str
    placement_patience: int


@dataclass(frozen=True, slots=True)
class SubmitJob:
    """Submit a job and wait until it runs; `placement_patience`: seconds that it may stay without a machine."""

    job: str
    kind: JobKind
    version: str | None
    previous: str | None
    candidate: Candidate
    placement_patience: int


@dataclass(frozen=True, slots=True)
class BeginJob:
    """Submit a job that nothing else has to wait for; `AwaitJob` sees later that it runs."""

    submission: SubmitJob

    @property
    def job(self) -> str:
        """The id of the job."""
        return self.submission.job


@dataclass(frozen=True, slots=True)
class AwaitJob:
    """Wait until a job runs that was begun before."""

    submission: SubmitJob

    @property
    def job(self) -> str:
        """The id of the job."""
        return self.submission.job


@dataclass(frozen=True, slots=True)
class KeepJob:
    """Leave a job alone, for it is what `submission` would submit; but see that it runs."""

    submission: SubmitJob

    @property
    def job(self) -> str:
        """The id of the job."""
        return self.submission.job


@dataclass(frozen=True, slots=True)
class RemoveJob:
    """Stop and forget a job of ours and wait until its instances have ended."""

    job: str


@dataclass(frozen=True, slots=True)
class RemoveVariable:
    """Delete a Nomad variable that hashistack made."""

    path: str


@dataclass(frozen=True, slots=True)
class RemoveVolumes:
    """Delete all volumes of a name, with what is in them, and what Consul remembers of who had them."""

    name: str


@dataclass(frozen=True, slots=True)
class StopAgents:
    """Stop the agents that hashistack started; remove their data unless it is to be kept."""

    agents: tuple[str, ...]
    keeps_data: bool = False


Step = (
    StoreSecrets
    | GenerateCredentials
    | CreateVolumes
    | IssueCertificate
    | AwaitService
    | RunSetup
    | RunRelease
    | SubmitJob
    | BeginJob
    | AwaitJob
    | KeepJob
    | RemoveJob
    | RemoveVariable
    | RemoveVolumes
    | StopAgents
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a route answers; an internal one only from inside the network."""

    process: str
    url: str
    internal: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in their order, the addresses that answer afterwards, and what to know before."""

    steps: tuple[Step, ...]
    addresses: tuple[Address, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether carrying the plan out changes anything."""
        return any(not isinstance(step, KeepJob | AwaitService) for step in self.steps)
