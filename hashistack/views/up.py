"""Print the plan of `up` before it is carried out, or instead."""

from __future__ import annotations

from hashistack.diagnostics import Exit
from hashistack.plan.steps import (
    AwaitJob,
    AwaitService,
    BeginJob,
    CreateVolumes,
    GenerateCredentials,
    IssueCertificate,
    KeepJob,
    Plan,
    RemoveJob,
    RemoveVariable,
    RemoveVolumes,
    RunRelease,
    RunSetup,
    Step,
    StopAgents,
    StoreSecrets,
    SubmitJob,
)
from hashistack.views import json, problems
from hashistack.views.cluster_events import address_table
from hashistack.views.console import Console


def show_plan(console: Console, plan: Plan) -> None:
    """Print every step that `up` would take, in order, and where the app would answer."""
    if console.json:
        steps = [{"step": type(step).__name__, "does": describe(step)} for step in plan.steps]
        console.document(json.document(Exit.DONE, plan.warnings, changes=plan.changes, steps=steps))
        return
    problems.notices(console, plan.warnings)
    for step in plan.steps:
        console.data(describe(step))
    if plan.addresses:
        console.data(address_table(plan.addresses, console.ink))


def describe(step: Step) -> str:
    """Return a step in words; secrets by name only."""
    match step:
        case StoreSecrets(path, values):
            return f"store {', '.join(sorted(values))} in Nomad variable {path}"
        case GenerateCredentials(path, names):
            return f"generate {', '.join(names)} in Nomad variable {path}"
        case CreateVolumes() | IssueCertificate() | AwaitService() | RunSetup() | RemoveVolumes():
            return _stand_in(step)
        case RunRelease(job, version):
            return f"run the release step of {version} (job {job})"
        case SubmitJob() | BeginJob() | AwaitJob() | KeepJob() | RemoveJob():
            return _job(step)
        case RemoveVariable(path):
            return f"delete Nomad variable {path}"
        case StopAgents(agents, keeps_data):
            data = "keep" if keeps_data else "remove"
            return f"stop {' and '.join(agents)} and {data} their data"


def _stand_in(step: CreateVolumes | IssueCertificate | AwaitService | RunSetup | RemoveVolumes) -> str:
    match step:
        case CreateVolumes(name, places, storage):
            return f"make volume {name} of {storage} MiB on {', '.join(place.name for place in places)}"
        case IssueCertificate(job):
            return f"make the certificate of {job}"
        case AwaitService(name, service):
            return f"wait until {name} is healthy (Consul service {service})"
        case RunSetup(job):
            return f"run job {job} to its end"
        case RemoveVolumes(name):
            return f"delete all volumes {name} and what Consul knows of them"


def _job(step: SubmitJob | BeginJob | AwaitJob | KeepJob | RemoveJob) -> str:
    match step:
        case SubmitJob():
            return _submission(step)
        case BeginJob(submission):
            return _submission(submission)
        case AwaitJob(submission):
            return f"wait until job {submission.job} runs"
        case KeepJob(submission):
            return f"leave job {submission.job}: unchanged"
        case RemoveJob(job):
            return f"remove job {job}"


def _submission(step: SubmitJob) -> str:
    version = f", version {step.version}" if step.version else ""
    before = f" (now {step.previous})" if step.previous and step.previous != step.version else ""
    return f"submit job {step.job}{version}{before}"
