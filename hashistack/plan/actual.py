"""What is in the cluster now, as values that the planner compares with what should be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hashistack.plan.sensitive import Sensitive

if TYPE_CHECKING:
    from hashistack.credentials.service import Issued
    from hashistack.plan.members import Place
    from hashistack.plan.volumes import Node, Volume

# A signal that no program minds: whoever was not stopped goes on. Taken, it is a sign of life.
SIGN_OF_LIFE = "SIGCONT"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Registration:
    """A job that Nomad has just accepted: its evaluation and the index that names this submission."""

    job: str
    evaluation: str
    modify_index: int


@dataclass(frozen=True, slots=True)
class Variable:
    """A Nomad variable; `index` is its ModifyIndex, 0 for one that does not exist."""

    path: str
    items: Mapping[str, Sensitive]
    index: int = 0


@dataclass(frozen=True, slots=True)
class JobState:
    """A job in the cluster; `owner` and `version` are of its meta, None on a job that somebody else made."""

    id: str
    owner: str | None
    version: str | None
    stopped: bool = False
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job file as Nomad reads it: `job` would be submitted against `index`; `changed`: it differs from what runs.

    `replaces` says that the running job is of another kind, so that Nomad wants it removed first.
    """

    job: Json
    source: str
    variables: Mapping[str, str]
    index: int
    changed: bool
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Actual:
    """What is in the cluster: jobs and candidates by id, item names by variable path, release outcomes by version.

    Of stand-ins, by their job: `certificates`, what is in the cluster of each; `setups`, the content with which what is
    done once was done last; `reports`, what their members say; `formed`, which of them have
    become a cluster; `places`, who is a member.
    """

    jobs: Mapping[str, JobState] = field(default_factory=dict)
    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    variables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    services: frozenset[str] = frozenset()
    releases: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    volumes: tuple[Volume, ...] = ()
    certificates: Mapping[str, Issued] = field(default_factory=dict)
    setups: Mapping[str, str] = field(default_factory=dict)
    reports: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    formed: frozenset[str] = frozenset()
    places: tuple[Place, ...] = ()
