"""What `down` has to do: remove what was recorded, as far as it still is ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hashistack.plan import names
from hashistack.plan.actual import JobState
from hashistack.plan.steps import Plan, RemoveJob, RemoveVariable, RemoveVolumes, Step, StopAgents

Way = Literal["nothing", "kept", "forget", "restart", "remove"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known before Nomad is asked: this environment's record, other records, which agents answer and are ours.

    `nomad_ours` and `agents_ours` count agents that hashistack started here, running or dead. `keeps`: there is data of
    stand-ins that is to be kept, beside what is `recorded`.
    """

    recorded: bool
    others: bool
    silent: frozenset[str]
    nomad_ours: bool
    agents_ours: bool
    loopback: bool
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Remains:
    """What is there of an app's environment, all jobs of the cluster, and what other records name.

    `others` are the other records in words; `needed` are the variables they name. The volumes that were recorded go
    only where `purge` says so, and with them the variables without which their data is of no use. `data_of_others`
    needs no agents, but what they keep.
    """

    app: str
    recorded_jobs: tuple[str, ...]
    recorded_variables: tuple[str, ...]
    jobs: tuple[JobState, ...]
    variables: frozenset[str]
    agents: tuple[str, ...]
    others: tuple[str, ...] = ()
    needed: frozenset[str] = frozenset()
    recorded_volumes: tuple[str, ...] = ()
    purge: bool = False
    data_of_others: bool = False

    @property
    def kept(self) -> frozenset[str]:
        """The variables that stay because data stays."""
        return frozenset() if self.purge else data_variables(self.recorded_volumes)


@dataclass(frozen=True, slots=True)
class Removal:
    """The steps of `down` and what they leave.

    `taken_over`: recorded, but somebody else's now; `elsewhere`: of the app, but not put there by this environment from
    this machine; `foreign` jobs and `others`, the other records, keep the agents busy.
    """

    plan: Plan
    taken_over: tuple[str, ...]
    elsewhere: tuple[str, ...]
    foreign: tuple[str, ...]
    others: tuple[str, ...]


def data_variables(volumes: Iterable[str]) -> frozenset[str]:
    """Return the variables without which the data in volumes of these names is of no use."""
    return frozenset(path for name in volumes for path in names.data_variables(name))


def way_down(situation: Situation) -> Way:
    """Choose how to remove: `forget` also wipes dead agents of ours; `restart` starts them again, others need them."""
    if situation.keeps and not situation.recorded:
        return "kept"
    if not situation.recorded and (situation.others or not situation.agents_ours):
        return "nothing"
    if "Nomad" not in situation.silent:
        return "remove"
    if situation.nomad_ours:
        return "restart" if situation.others or situation.keeps else "forget"
    gone = situation.silent == {"Nomad", "Consul"} and not situation.agents_ours
    # An agent elsewhere may answer again; it is asked, so that its silence becomes an error.
    return "forget" if gone and situation.loopback else "remove"


def plan_down(remains: Remains) -> Removal:
    """Return the steps that remove an environment: its jobs last to first, its variables, what nobody else needs."""
    owners = {state.id: state.owner for state in remains.jobs}
    removed = _removed(remains, owners)
    left = [state for state in remains.jobs if state.id not in removed and not _child_of(state.id, removed)]
    steps: list[Step] = [RemoveJob(job) for job in removed]
    if remains.purge:
        steps += [RemoveVolumes(name) for name in remains.recorded_volumes]
    variables = (path for path in remains.recorded_variables if path in remains.variables)
    steps += [RemoveVariable(path) for path in variables if path not in remains.needed | remains.kept]
    if remains.agents and not left and not remains.others:
        keeps = remains.data_of_others or (bool(remains.recorded_volumes) and not remains.purge)
        steps.append(StopAgents(remains.agents, keeps_data=keeps))
    return Removal(
        Plan(tuple(steps)),
        taken_over=tuple(
            job
            for job in remains.recorded_jobs
            if job in owners and job != names.INGRESS and owners[job] != remains.app
        ),
        elsewhere=tuple(state.id for state in left if state.owner == remains.app and "/" not in state.id),
        foreign=tuple(state.id for state in left) if remains.agents else (),
        others=remains.others if remains.agents else (),
    )


def _removed(remains: Remains, owners: dict[str, str | None]) -> list[str]:
    """Return the jobs to remove, in order; the ingress goes last, if no job of another app or environment is left."""
    recorded = remains.recorded_jobs
    ours = [job for job in reversed(recorded) if owners.get(job) == remains.app]
    absent = [job for job in recorded if job not in owners]
    # Runs of a schedule that somebody has removed would stay for good: only a parent takes its runs with it.
    orphans = [job for job, owner in owners.items() if owner == remains.app and _child_of(job, absent)]
    removed = [*orphans, *ours]
    served = (
        job
        for job, owner in owners.items()
        if owner not in (None, names.INGRESS) and job not in removed and not _child_of(job, removed)
    )
    if names.INGRESS in recorded and owners.get(names.INGRESS) == names.INGRESS and not any(served):
        removed.append(names.INGRESS)
    return removed


def _child_of(job: str, parents: Iterable[str]) -> bool:
    # Nomad names the runs of a periodic job PARENT/periodic-TIME.
    return any(job.startswith(f"{parent}/") for parent in parents)
