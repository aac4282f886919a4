"""Compare what should run with what does, and list the steps between: pure, nothing is asked and nothing is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hashistack.diagnostics import BackendError, ConflictError, UsageProblem
from hashistack.messages import cluster as messages
from hashistack.model import Stack
from hashistack.plan import names
from hashistack.plan.actual import Actual
from hashistack.plan.addresses import addresses
from hashistack.plan.carry import certificate_of, with_certificate
from hashistack.plan.files import JobFile
from hashistack.plan.leftovers import kept_data
from hashistack.plan.members import check_members, lacking, warnings
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.stand_in_limits import check_limits
from hashistack.plan.stand_ins import (
    StandIn,
    companions,
    fingerprint,
    is_set_up,
    preparations,
    waves,
)
from hashistack.plan.steps import (
    AwaitJob,
    AwaitService,
    BeginJob,
    IssueCertificate,
    JobKind,
    KeepJob,
    Plan,
    RemoveJob,
    RunRelease,
    RunSetup,
    Step,
    StoreSecrets,
    SubmitJob,
)

RELEASED = "succeeded"

# How long a job may wait for a machine before it counts as failed, in seconds. Where nothing adds machines, room
# comes only from instances that stop; in the cloud a machine of the autoscaling group takes minutes.
_PATIENCE = {"local": 30, "onprem": 60, "aws": 600}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for: a stack with its rendered jobs in one version; `adopt` takes over jobs of others."""

    stack: Stack
    files: tuple[JobFile, ...]
    version: str
    adopt: bool = False

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all jobs."""
        return frozenset(file.id for file in self.files)


def plan_up(wanted: Wanted, actual: Actual, secrets: Mapping[str, Sensitive]) -> Plan:
    """Return the steps of `up`; raises before any of them where one could not work."""
    _check_owners(wanted, actual)
    _check_ingress(wanted, actual)
    _check_secrets(wanted.stack, actual, secrets)
    _check_backing_services(wanted, actual)
    check_limits(wanted.stack, actual)
    check_members(wanted.stack, actual)
    waiting = frozenset(each.stand_in.job for each in lacking(wanted.stack, actual))
    prepared = tuple(preparations(wanted.stack, actual, waiting))
    actual = _with_certificates(actual, prepared)
    ingress = tuple(_ingress(wanted, actual))
    begun, awaited = ingress[:-1], ingress[-1:]
    steps = (
        *_store(wanted.stack, actual, secrets),
        *prepared,
        *begun,
        *_backing_services(wanted, actual, waiting),
        *_release(wanted, actual),
        *_jobs(wanted, actual),
        *awaited,
        *_leftovers(wanted, actual),
    )
    told = (*warnings(wanted.stack, actual), *kept_data(wanted.stack, actual))
    return Plan(steps, addresses(wanted.stack), told)


def absent_secrets(stack: Stack, actual: Actual) -> tuple[str, ...]:
    """Return the names of the secrets that have no value in the cluster."""
    present = actual.variables.get(names.secrets_variable(stack.app), frozenset())
    return tuple(name for name in names.wanted_secrets(stack) if name not in present)


def owner_of(job: str, app: str) -> str:
    """Return what the meta of a job of ours says; the ingress belongs to no app."""
    return names.INGRESS if job == names.INGRESS else app


# --- what must hold before anything is changed


def _check_owners(wanted: Wanted, actual: Actual) -> None:
    foreign = [
        (state.id, state.owner)
        for file in wanted.files
        if (state := actual.jobs.get(file.id)) and state.owner != owner_of(file.id, wanted.stack.app)
    ]
    if foreign and not wanted.adopt:
        raise ConflictError(messages.not_ours(foreign, wanted.stack.app))


def _check_ingress(wanted: Wanted, actual: Actual) -> None:
    """Refuse to change the ingress under another app: its addresses would stop answering."""
    if names.INGRESS not in wanted.ids or names.INGRESS not in actual.jobs:
        return
    owners = {state.owner for state in actual.jobs.values() if state.owner and not state.stopped}
    others = sorted(owners - {wanted.stack.app, names.INGRESS})
    if others and actual.candidates[names.INGRESS].changed and not wanted.adopt:
        raise ConflictError(messages.ingress_of_others(others))


def _check_secrets(stack: Stack, actual: Actual, secrets: Mapping[str, Sensitive]) -> None:
    missing = [name for name in absent_secrets(stack, actual) if name not in secrets]
    if missing:
        raise UsageProblem(messages.missing_secrets(missing, stack.app))


def _check_backing_services(wanted: Wanted, actual: Actual) -> None:
    app = wanted.stack.app
    absent = [
        service.name
        for service in names.without_stand_in(wanted.stack, wanted.ids)
        if names.consul_service(app, service.name) not in actual.services
    ]
    if absent:
        raise BackendError(
            messages.backing_service_absent(absent, [names.consul_service(app, name) for name in absent])
        )


# --- the steps, in their order


def _with_certificates(actual: Actual, prepared: tuple[Step, ...]) -> Actual:
    """Return what is there with those stand-ins to be started again whose members have an older certificate.

    It is a new one, or one that an earlier run or `replace-node` made and could not, or did not, give to all of them.
    """
    editions = {job: issued.edition for job, issued in actual.certificates.items()}
    editions |= {step.job: step.edition for step in prepared if isinstance(step, IssueCertificate)}
    renewed = {
        job: with_certificate(candidate, editions[job])
        for job, candidate in actual.candidates.items()
        if editions.get(job, 0) > certificate_of(candidate)
    }
    return replace(actual, candidates={**actual.candidates, **renewed})


def _store(stack: Stack, actual: Actual, secrets: Mapping[str, Sensitive]) -> Iterator[Step]:
    values = {name: secrets[name] for name in absent_secrets(stack, actual)}
    if values:
        yield StoreSecrets(names.secrets_variable(stack.app), values)


def _backing_services(wanted: Wanted, actual: Actual, waiting: frozenset[str]) -> Iterator[Step]:
    """Yield the steps of the stand-ins: those that are new form at the same time, others change one by one."""
    for every in waves(wanted.stack):
        yield from _incomplete(wanted, actual, [each for each in every if each.job in waiting])
        wave = tuple(each for each in every if each.job not in waiting)
        actual = _begun_anew(actual, wave)
        steps = {
            each.job: tuple(_submit(wanted, actual, each.job, "service", versioned=False)) for each in wave
        }
        new = [each.job for each in wave if any(isinstance(step, SubmitJob) for step in steps[each.job])]
        new = [job for job in new if actual.candidates[job].replaces or not _runs(actual, job)]
        for job in new:
            yield from (BeginJob(step) if isinstance(step, SubmitJob) else step for step in steps[job])
        for job in (each.job for each in wave if each.job not in new):
            yield from steps[job]
        yield from (AwaitJob(step) for job in new for step in steps[job] if isinstance(step, SubmitJob))
        yield from (AwaitService(each.name, each.job, each.nodes) for each in wave)
        yield from _setups(wanted, actual, wave)
    for job in companions(wanted.stack, tuple(wanted.ids)):
        kind: JobKind = "periodic" if actual.candidates[job].job.get("Periodic") else "service"
        yield from _submit(wanted, actual, job, kind, versioned=False)


def _incomplete(wanted: Wanted, actual: Actual, found: Sequence[StandIn]) -> Iterator[Step]:
    """Yield the steps of stand-ins that go on without a member: nothing here waits for all members.

    What runs is left as it is, for an update would take one member more away; what does not is started.
    """
    for each in found:
        if not _runs(actual, each.job):
            steps = _submit(wanted, actual, each.job, "service", versioned=False)
            yield from (BeginJob(step) if isinstance(step, SubmitJob) else step for step in steps)
        yield AwaitService(each.name, each.job, each.nodes)


def _runs(actual: Actual, job: str) -> bool:
    state = actual.jobs.get(job)
    return state is not None and not state.stopped


def _begun_anew(actual: Actual, wave: tuple[StandIn, ...]) -> Actual:
    """Return what is there with those to be removed first that change and never became a cluster.

    Their members wait for each other; an update that takes one after another would wait with them.
    """
    stuck = {
        each.job: replace(actual.candidates[each.job], replaces=True, index=0)
        for each in wave
        if each.engine.stateful and each.job not in actual.formed and actual.candidates[each.job].changed
        if _runs(actual, each.job)
    }
    return replace(actual, candidates={**actual.candidates, **stuck})


def _setups(wanted: Wanted, actual: Actual, wave: tuple[StandIn, ...]) -> Iterator[Step]:
    for each in wave:
        if each.setup in wanted.ids and not is_set_up(each, actual):
            candidate = actual.candidates[each.setup]
            outcomes = names.authority_variable(each.job)
            yield RunSetup(each.setup, candidate, fingerprint(candidate), outcomes, _patience(wanted))


def _release(wanted: Wanted, actual: Actual) -> Iterator[Step]:
    job = names.release_job(wanted.stack.app)
    if job in wanted.ids and actual.releases.get(wanted.version) != RELEASED:
        outcomes = names.releases_variable(wanted.stack.app)
        yield RunRelease(job, wanted.version, actual.candidates[job], outcomes, _patience(wanted))


def _jobs(wanted: Wanted, actual: Actual) -> Iterator[Step]:
    app = wanted.stack.app
    ordered: list[tuple[str, JobKind]] = [(app, "service")]
    ordered += [(f"{app}-{process.name}", "periodic") for process in wanted.stack.scheduled]
    for job, kind in ordered:
        if job in wanted.ids:
            yield from _submit(wanted, actual, job, kind, versioned=True)


def _ingress(wanted: Wanted, actual: Actual) -> Iterator[Step]:
    """Yield the steps of the ingress, which starts while the app does: neither needs the other for that."""
    if names.INGRESS not in wanted.ids:
        return
    for step in _submit(wanted, actual, names.INGRESS, "system", versioned=False):
        if isinstance(step, SubmitJob):
            yield BeginJob(step)
            yield AwaitJob(step)
        else:
            yield step


def _leftovers(wanted: Wanted, actual: Actual) -> Iterator[Step]:
    for job in sorted(actual.jobs):
        if actual.jobs[job].owner == wanted.stack.app and job not in wanted.ids:
            yield RemoveJob(job)


def _submit(wanted: Wanted, actual: Actual, job: str, kind: JobKind, *, versioned: bool) -> Iterator[Step]:
    candidate, state = actual.candidates[job], actual.jobs.get(job)
    version = wanted.version if versioned else None
    previous = state.version if state and not state.stopped and candidate.changed else None
    submission = SubmitJob(job, kind, version, previous, candidate, _patience(wanted))
    if state and not candidate.changed and not state.stopped:
        yield KeepJob(submission)
        return
    if candidate.replaces:
        yield RemoveJob(job)
    yield submission


def _patience(wanted: Wanted) -> int:
    return _PATIENCE[wanted.stack.environment.target]
