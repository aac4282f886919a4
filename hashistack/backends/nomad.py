"""Nomad's API, as far as the commands need it: jobs, what became of them, variables and machines."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.failures import explained, from_status
from hashistack.diagnostics import BackendError
from hashistack.messages import cluster as messages
from hashistack.plan.actual import Json, Registration, Variable
from hashistack.plan.sensitive import Sensitive

_TIMEOUT = 10.0  # seconds for an answer; blocking queries add their wait
# How often a question is asked again that nobody answers in time: servers may be electing a leader, a machine be busy.
_ASKED_AGAIN = 2
_CONFLICT = 409
_FAILURES = 400


class Nomad:
    """One Nomad cluster in one namespace and region; every method raises `BackendError` when it cannot be asked."""

    def __init__(self, endpoint: Endpoint) -> None:
        import nomad

        self.endpoint = endpoint
        self._api = Api(endpoint, _TIMEOUT, _ASKED_AGAIN)
        with explained(endpoint, "connecting"):
            self._client = nomad.Nomad(
                address=endpoint.url,
                token=endpoint.token.reveal() if endpoint.token else None,
                namespace=endpoint.namespace,
                region=endpoint.region,
                verify=endpoint.verify,
                cert=endpoint.cert or (),
                timeout=int(_TIMEOUT),
                session=self._api.session,
            )

    # --- jobs

    def job(self, job_id: str) -> Json | None:
        """Return the job as Nomad runs it, or None if there is none of this id."""
        return self._api.one(f"job/{_quoted(job_id)}")

    def jobs(self) -> list[Json]:
        """List every job of the namespace with its meta."""
        return self._api.listed("jobs", meta="true")

    def versions(self, job_id: str) -> list[Json]:
        """List the versions of the job that Nomad remembers."""
        return (self._api.one(f"job/{_quoted(job_id)}/versions") or {}).get("Versions") or []

    def parse(self, source: str, variables: Mapping[str, str]) -> Json:
        """Let Nomad read a job file, with values for its HCL variables, as `nomad job run -var` would."""
        body = {"JobHCL": source, "Variables": _as_hcl(variables), "Canonicalize": True}
        return self._api.submit("jobs/parse", body, "reading a job file")

    def plan(self, job: Json) -> Json:
        """Ask what submitting the job would change, without doing it."""
        body = {"Job": job, "Diff": True}
        return self._api.submit(f"job/{_quoted(job['ID'])}/plan", body, f"planning job {job['ID']}")

    def register(self, job: Json, index: int, source: str, variables: Mapping[str, str]) -> Registration:
        """Submit the job if its JobModifyIndex still is `index` (0: it must not exist yet), and keep its source."""
        body = {
            "Job": job,
            "EnforceIndex": True,
            "JobModifyIndex": index,
            "Submission": {"Source": source, "Format": "hcl2", "VariableFlags": dict(variables)},
        }
        try:
            answer = self._api.submit("jobs", body, f"submitting job {job['ID']}")
        except BackendError as error:
            if "Enforcing job modify index" in str(error):
                raise BackendError(messages.changed_meanwhile(f"job {job['ID']}")) from error
            raise
        return Registration(job["ID"], answer["EvalID"], answer["JobModifyIndex"])

    def stop(self, job_id: str) -> None:
        """Stop the job; one that is not there is fine."""
        self._api.delete(f"job/{_quoted(job_id)}", f"stopping job {job_id}")

    def purge(self, job_id: str) -> None:
        """Stop the job and forget it and its allocations at once; a job that is not there is fine."""
        self._api.delete(f"job/{_quoted(job_id)}", f"removing job {job_id}", purge="true")

    def reschedule(self, job_id: str) -> None:
        """Have Nomad place what the job lacks, and failed instances anew without waiting."""
        self._evaluate(job_id, ForceReschedule=True)

    def evaluate(self, job_id: str) -> None:
        """Have Nomad place what the job lacks; what failed lately waits its time."""
        self._evaluate(job_id)

    def _evaluate(self, job_id: str, **options: bool) -> None:
        body = {"JobID": job_id, "EvalOptions": options}
        self._api.put(f"job/{_quoted(job_id)}/evaluate", body, f"rescheduling job {job_id}")

    # --- what became of a job

    def allocations(self, job_id: str) -> list[Json]:
        """List the allocations of the job, newest first, with their task states."""
        found = self._api.listed(f"job/{_quoted(job_id)}/allocations", task_states="true")
        return sorted(found, key=lambda allocation: -int(allocation["CreateIndex"]))

    def evaluation(self, evaluation_id: str) -> Json | None:
        """Return one evaluation: its FailedTGAllocs say why something was not placed."""
        return self._api.one(f"evaluation/{evaluation_id}")

    def evaluations(self, job_id: str) -> list[Json]:
        """List the evaluations of the job, newest first."""
        found = self._api.listed(f"job/{_quoted(job_id)}/evaluations")
        return sorted(found, key=lambda evaluation: -int(evaluation["CreateIndex"]))

    def deployments(self, job_id: str) -> list[Json]:
        """List the deployments of the job, newest first."""
        found = self._api.listed(f"job/{_quoted(job_id)}/deployments")
        return sorted(found, key=lambda deployment: -int(deployment["CreateIndex"]))

    def deployment(self, deployment_id: str, index: int = 0, wait: int = 5) -> tuple[int, Json | None]:
        """Return a deployment and its index; block for up to `wait` seconds while its index is `index`."""
        return self._api.watch(f"deployment/{deployment_id}", index, wait)

    def deployment_allocations(self, deployment_id: str) -> list[Json]:
        """List the allocations of a deployment, newest first, with their task states."""
        found = self._api.listed(f"deployment/allocations/{deployment_id}")
        return sorted(found, key=lambda allocation: -int(allocation["CreateIndex"]))

    def fail_deployment(self, deployment_id: str) -> None:
        """Give a deployment up; Nomad then reverts it if the job says so."""
        with explained(self.endpoint, "failing a deployment"):
            self._client.deployment.fail_deployment(deployment_id)

    def log(
        self, allocation_id: str, task: str, stream: str, offset: int = 0, origin: str = "start"
    ) -> bytes:
        """Read a task's stdout or stderr from `offset` bytes after its start or before its end; b"" without one."""
        params = {"task": task, "type": stream, "plain": "true", "offset": offset, "origin": origin}
        try:
            return self._api.content(f"client/fs/logs/{allocation_id}", **params)
        except BackendError:  # the machine of the allocation is away: no reason to fail a command over a log
            return b""

    # --- variables

    def variable(self, path: str) -> Variable | None:
        """Read a variable; its values are secrets."""
        found = self._api.one(f"var/{path}")
        if found is None:
            return None
        items = {name: Sensitive(value) for name, value in found["Items"].items()}
        return Variable(path, items, int(found["ModifyIndex"]))

    def put_variable(self, variable: Variable) -> None:
        """Store a variable if its index still is the one that was read (0: it must not exist yet)."""
        body = {
            "Path": variable.path,
            "Items": {name: value.reveal() for name, value in variable.items.items()},
        }
        status, _ = self._api.attempt("put", f"var/{variable.path}", body, cas=variable.index)
        if status == _CONFLICT:
            raise BackendError(messages.changed_meanwhile(f"Nomad variable {variable.path}"))
        if status >= _FAILURES:  # the answer to a refused body may repeat it; nothing of it is shown
            doing = f"storing variable {variable.path}"
            raise BackendError(from_status(self.endpoint, doing, status, f"status {status}"))

    def delete_variable(self, path: str) -> None:
        """Delete a variable; one that is not there is fine."""
        self._api.delete(f"var/{path}", f"deleting variable {path}")

    # --- the cluster

    def nodes(self) -> list[Json]:
        """List the machines that run jobs, with their drivers."""
        return self._api.listed("nodes", resources="false")

    def ready(self) -> bool:
        """Tell whether the servers have a leader; False also while nothing listens."""
        try:
            with explained(self.endpoint, "asking for the leader"):
                return bool(self._client.status.leader.get_leader())
        except BackendError:
            return False

    def can_sign(self) -> bool:
        """Tell whether the servers have made the key with which machines and jobs are let in."""
        try:
            return bool(self._api.listed("operator/keyring/keys"))
        except BackendError:
            return False


def _quoted(job_id: str) -> str:
    # The id of a periodic job's run holds a slash.
    return quote(job_id, safe="")


def _as_hcl(variables: Mapping[str, str]) -> str:
    import json

    lines = [
        f"{name} = {json.dumps(value).replace('${', '$${').replace('%{', '%%{')}"
        for name, value in sorted(variables.items())
    ]
    return "".join(line + "\n" for line in lines)
