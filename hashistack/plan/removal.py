"""What `down` has to do: remove what was recorded, as far as it still is ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hashistack.plan import names
from hashistack.plan.actual import JobState
from hashistack.plan.steps import Plan, RemoveJob, RemoveVariable, Step, StopAgents


@dataclass(frozen=True, slots=True)
class Remains:
    """What is there of an app: recorded jobs and variables, and all jobs and variable paths of the cluster."""

    app: str
    recorded_jobs: tuple[str, ...]
    recorded_variables: tuple[str, ...]
    jobs: tuple[JobState, ...]
    variables: frozenset[str]
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """The steps of `down`; `taken_over`: recorded, but somebody else's now; `foreign`: they keep the agents busy."""

    plan: Plan
    taken_over: tuple[str, ...]
    foreign: tuple[str, ...]


def plan_down(remains: Remains) -> Removal:
    """Return the steps that remove an app: its jobs last to first, its variables, then what nobody else needs."""
    owners = {state.id: state.owner for state in remains.jobs}
    ours = [state.id for state in remains.jobs if state.owner == remains.app]
    removed = [*_last_first(ours, remains.recorded_jobs)]
    if (
        names.INGRESS in remains.recorded_jobs
        and owners.get(names.INGRESS) == names.INGRESS
        and not _others(remains)
    ):
        removed.append(names.INGRESS)
    left = tuple(
        state.id for state in remains.jobs if state.id not in removed and not _child_of(state.id, removed)
    )
    steps: list[Step] = [RemoveJob(job) for job in removed]
    steps += [RemoveVariable(path) for path in remains.recorded_variables if path in remains.variables]
    if remains.agents and not left:
        steps.append(StopAgents(remains.agents))
    taken_over = tuple(
        job
        for job in remains.recorded_jobs
        if job in owners and job != names.INGRESS and owners[job] != remains.app
    )
    return Removal(Plan(tuple(steps)), taken_over, left if remains.agents else ())


def _last_first(ours: Iterable[str], recorded: Sequence[str]) -> list[str]:
    """Order jobs against their submission; what was not recorded here goes first."""
    known = [job for job in reversed(recorded) if job in set(ours)]
    return [*sorted(set(ours) - set(known)), *known]


def _others(remains: Remains) -> bool:
    """Tell whether another app's jobs are in the cluster, so that the ingress is still needed."""
    return any(state.owner not in (None, remains.app, names.INGRESS) for state in remains.jobs)


def _child_of(job: str, parents: Iterable[str]) -> bool:
    # Nomad names the runs of a periodic job PARENT/periodic-TIME.
    return any(job.startswith(f"{parent}/") for parent in parents)
