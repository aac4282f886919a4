"""Read from a cluster what the planner has to know; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hashistack.backends.consul import Consul
from hashistack.backends.nomad import Nomad
from hashistack.backends.observe_stand_ins import with_stand_ins
from hashistack.model import Stack
from hashistack.plan import names
from hashistack.plan.actual import Actual, Candidate, JobState, Json
from hashistack.plan.carry import carried_over, differs, has_failed, same_kind
from hashistack.plan.files import JobFile
from hashistack.plan.status import Facts


def observe(
    nomad: Nomad, consul: Consul, stack: Stack, files: Sequence[JobFile], values: Mapping[str, str]
) -> Actual:
    """Return what runs of this stack, and what submitting its job files would change; `values` are HCL variables."""
    services = [names.consul_service(stack.app, service.name) for service in stack.backing_services]
    actual = Actual(
        jobs=_jobs(nomad),
        candidates={file.id: candidate(nomad, file, values) for file in files},
        variables={path: _item_names(nomad, path) for path in (names.secrets_variable(stack.app),)},
        services=frozenset(service for service in services if consul.passing(service)),
        releases=releases(nomad, stack.app),
    )
    return with_stand_ins(actual, nomad, consul, stack)


def running(nomad: Nomad) -> Actual:
    """Return the jobs that are there, and nothing else."""
    return Actual(jobs=_jobs(nomad))


def candidate(nomad: Nomad, file: JobFile, values: Mapping[str, str]) -> Candidate:
    """Let Nomad read a job file and say what submitting it would change."""
    arguments = file.arguments(values)
    running = nomad.job(file.id)
    parsed = nomad.parse(file.source, arguments)
    if running is not None and not same_kind(parsed, running):
        return Candidate(parsed, file.source, arguments, 0, changed=True, replaces=True)
    failed = running is not None and has_failed(running, nomad.deployments(file.id))
    job = carried_over(parsed, running, failed=failed)
    planned = nomad.plan(job)
    return Candidate(job, file.source, arguments, int(planned["JobModifyIndex"]), differs(planned["Diff"]))


def facts(nomad: Nomad, consul: Consul, stack: Stack) -> Facts:
    """Read what `status` shows of a stack."""
    stubs = nomad.jobs()
    apps = [
        stub["ID"]
        for stub in stubs
        if (stub.get("Meta") or {}).get(names.OWNER) in (stack.app, names.INGRESS)
    ]
    scheduled = [f"{stack.app}-{process.name}" for process in stack.scheduled]
    named = [
        *(process.name for process in stack.processes),
        *(service.name for service in stack.backing_services),
    ]
    services = [names.consul_service(stack.app, name) for name in named]
    return Facts(
        jobs={
            job: found for job in apps if "/" not in job and (found := nomad.job(job)) and not found["Stop"]
        },
        versions={
            int(each["Version"]): each["Meta"][names.VERSION] for each in _ours(nomad.versions(stack.app))
        },
        allocations={job: nomad.allocations(job) for job in (stack.app, names.INGRESS)},
        instances={service: consul.instances(service) for service in services},
        runs={job: _newest_first(stub for stub in stubs if stub.get("ParentID") == job) for job in scheduled},
    )


def _newest_first(stubs: Iterable[Json]) -> list[Json]:
    return sorted(stubs, key=lambda stub: -int(stub["SubmitTime"]))


def _ours(versions: Sequence[Json]) -> list[Json]:
    return [version for version in versions if names.VERSION in (version.get("Meta") or {})]


def releases(nomad: Nomad, app: str) -> dict[str, str]:
    """Return the outcome of each release step that is remembered, by version."""
    variable = nomad.variable(names.releases_variable(app))
    return (
        {version: outcome.reveal().split()[-1] for version, outcome in variable.items.items()}
        if variable
        else {}
    )


def job_states(nomad: Nomad) -> tuple[JobState, ...]:
    """Return every job of the namespace with what its meta says."""
    return tuple(_state(stub) for stub in nomad.jobs())


def _jobs(nomad: Nomad) -> dict[str, JobState]:
    return {state.id: state for state in job_states(nomad) if "/" not in state.id}


def _state(stub: Json) -> JobState:
    meta = stub.get("Meta") or {}
    return JobState(stub["ID"], meta.get(names.OWNER), meta.get(names.VERSION), bool(stub.get("Stop")), meta)


def _item_names(nomad: Nomad, path: str) -> frozenset[str]:
    variable = nomad.variable(path)
    return frozenset(variable.items) if variable else frozenset()
