"""Nomad's API, as far as hashistack needs it: python-nomad where it has the call, the documented HTTP API elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hashistack.backends.endpoint import Endpoint, session
from hashistack.backends.failures import explained, from_status, stranger
from hashistack.diagnostics import BackendError
from hashistack.messages import cluster as messages
from hashistack.plan.actual import Json, Registration, Variable
from hashistack.plan.sensitive import Sensitive

_TIMEOUT = 10  # seconds for an answer; blocking queries add their wait
# How often a question is asked again that nobody answers in time: servers may be electing a leader, a machine be busy.
_ASKED_AGAIN = 2
_LATE = "HS404"
_NOT_FOUND = 404
_CONFLICT = 409
_FAILURES = 400
_NO_OBJECT = re.compile("[a-z ]+ not found")  # "variable not found"; as of Nomad 1.11


class Nomad:
    """One Nomad cluster in one namespace and region; every method raises `BackendError` when it cannot be asked."""

    def __init__(self, endpoint: Endpoint) -> None:
        import nomad

        self.endpoint = endpoint
        self._session = session(endpoint)
        with explained(endpoint, "connecting"):
            self._client = nomad.Nomad(
                address=endpoint.url,
                token=endpoint.token.reveal() if endpoint.token else None,
                namespace=endpoint.namespace,
                region=endpoint.region,
                verify=endpoint.verify,
                cert=endpoint.cert or (),
                timeout=_TIMEOUT,
                session=self._session,
            )

    # --- jobs

    def job(self, job_id: str) -> Json | None:
        """Return the job as Nomad runs it, or None if there is none of this id."""
        return self._get_one(f"job/{_quoted(job_id)}")

    def jobs(self) -> list[Json]:
        """List every job of the namespace with its meta."""
        return self._list("jobs", meta="true")

    def versions(self, job_id: str) -> list[Json]:
        """List the versions of the job that Nomad remembers."""
        return (self._get_one(f"job/{_quoted(job_id)}/versions") or {}).get("Versions") or []

    def parse(self, source: str, variables: Mapping[str, str]) -> Json:
        """Let Nomad read a job file, with values for its HCL variables, as `nomad job run -var` would."""
        body = {"JobHCL": source, "Variables": _as_hcl(variables), "Canonicalize": True}
        parsed: Json = self._send("post", "jobs/parse", "reading a job file", body)
        return parsed

    def plan(self, job: Json) -> Json:
        """Ask what submitting the job would change, without doing it."""
        planned: Json = self._send(
            "post", f"job/{_quoted(job['ID'])}/plan", f"planning job {job['ID']}", {"Job": job, "Diff": True}
        )
        return planned

    def register(self, job: Json, index: int, source: str, variables: Mapping[str, str]) -> Registration:
        """Submit the job if its JobModifyIndex still is `index` (0: it must not exist yet), and keep its source."""
        body = {
            "Job": job,
            "EnforceIndex": True,
            "JobModifyIndex": index,
            "Submission": {"Source": source, "Format": "hcl2", "VariableFlags": dict(variables)},
        }
        try:
            answer = self._send("post", "jobs", f"submitting job {job['ID']}", body)
        except BackendError as error:
            if "Enforcing job modify index" in str(error):
                raise BackendError(messages.changed_meanwhile(f"job {job['ID']}")) from error
            raise
        return Registration(job["ID"], answer["EvalID"], answer["JobModifyIndex"])

    def stop(self, job_id: str) -> None:
        """Stop the job; one that is not there is fine."""
        self._send("delete", f"job/{_quoted(job_id)}", f"stopping job {job_id}")

    def purge(self, job_id: str) -> None:
        """Stop the job and forget it and its allocations at once; a job that is not there is fine."""
        self._send("delete", f"job/{_quoted(job_id)}", f"removing job {job_id}", purge="true")

    def reschedule(self, job_id: str) -> None:
        """Place failed instances of the job anew without waiting."""
        body = {"JobID": job_id, "EvalOptions": {"ForceReschedule": True}}
        self._send("put", f"job/{_quoted(job_id)}/evaluate", f"rescheduling job {job_id}", body)

    # --- what became of a job

    def allocations(self, job_id: str) -> list[Json]:
        """List the allocations of the job, newest first, with their task states."""
        found = self._list(f"job/{_quoted(job_id)}/allocations", task_states="true")
        return sorted(found, key=lambda allocation: -int(allocation["CreateIndex"]))

    def evaluation(self, evaluation_id: str) -> Json | None:
        """Return one evaluation: its FailedTGAllocs say why something was not placed."""
        return self._get_one(f"evaluation/{evaluation_id}")

    def evaluations(self, job_id: str) -> list[Json]:
        """List the evaluations of the job, newest first."""
        found = self._list(f"job/{_quoted(job_id)}/evaluations")
        return sorted(found, key=lambda evaluation: -int(evaluation["CreateIndex"]))

    def deployments(self, job_id: str) -> list[Json]:
        """List the deployments of the job, newest first."""
        found = self._list(f"job/{_quoted(job_id)}/deployments")
        return sorted(found, key=lambda deployment: -int(deployment["CreateIndex"]))

    def deployment(self, deployment_id: str, index: int = 0, wait: int = 5) -> tuple[int, Json | None]:
        """Return a deployment and its index; block for up to `wait` seconds while its index is `index`."""
        path = f"deployment/{deployment_id}"
        response = self._request(
            "get", path, params={"index": index, "wait": f"{wait}s"}, timeout=_TIMEOUT + 2 * wait
        )
        if _absent(response):
            return index, None
        found: Json = self._read(response, f"reading {path}")
        return int(response.headers.get("X-Nomad-Index", 0)), found

    def deployment_allocations(self, deployment_id: str) -> list[Json]:
        """List the allocations of a deployment, newest first, with their task states."""
        found = self._list(f"deployment/allocations/{deployment_id}")
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
            response = self._request("get", f"client/fs/logs/{allocation_id}", params=params)
        except BackendError:  # the machine of the allocation is away: no reason to fail a command over a log
            return b""
        return response.content if response.status_code < _FAILURES else b""

    # --- variables

    def variable(self, path: str) -> Variable | None:
        """Read a variable; its values are secrets."""
        found = self._get_one(f"var/{path}")
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
        self._change_variable("put", variable.path, variable.index, body)

    def delete_variable(self, path: str) -> None:
        """Delete a variable; one that is not there is fine."""
        self._send("delete", f"var/{path}", f"deleting variable {path}")

    def _change_variable(self, method: str, path: str, index: int, body: Json) -> None:
        response = self._request(method, f"var/{path}", json=body, params={"cas": index})
        if response.status_code == _CONFLICT:
            raise BackendError(messages.changed_meanwhile(f"Nomad variable {path}"))
        # The answer to a refused body may repeat it; nothing of it is shown.
        self._check(response, f"storing variable {path}", show_answer=False)

    # --- the cluster

    def nodes(self) -> list[Json]:
        """List the machines that run jobs, with their drivers."""
        return self._list("nodes", resources="false")

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
            return bool(self._list("operator/keyring/keys"))
        except BackendError:
            return False

    # --- transport

    def _get_one(self, path: str) -> Json | None:
        response, doing = self._request("get", path), f"reading {path}"
        if _absent(response):
            return None
        found: Json = self._read(response, doing)
        if not isinstance(found, dict):
            raise BackendError(stranger(self.endpoint, doing))
        return found

    def _list(self, path: str, **params: str) -> list[Json]:
        doing = f"reading {path}"
        found = self._read(self._request("get", path, params=params), doing) or []
        if not isinstance(found, list):
            raise BackendError(stranger(self.endpoint, doing))
        return found

    def _read(self, response: Any, doing: str) -> Any:
        self._check(response, doing)
        with explained(self.endpoint, doing):
            return response.json()

    def _send(self, method: str, path: str, doing: str, body: Json | None = None, **params: str) -> Any:
        response = self._request(method, path, json=body, params=params)
        if method == "delete" and _absent(response):
            return None
        if response.content:
            return self._read(response, doing)
        self._check(response, doing)
        return None

    def _request(self, method: str, path: str, timeout: int = _TIMEOUT, **arguments: Any) -> Any:
        for _ in range(_ASKED_AGAIN if method == "get" else 0):
            try:
                return self._ask(method, path, timeout, **arguments)
            except BackendError as error:
                if error.diagnostics[0].code != _LATE:
                    raise
        return self._ask(method, path, timeout, **arguments)

    def _ask(self, method: str, path: str, timeout: int, **arguments: Any) -> Any:
        where = {"namespace": self.endpoint.namespace, "region": self.endpoint.region}
        headers = {"X-Nomad-Token": self.endpoint.token.reveal()} if self.endpoint.token else {}
        with explained(self.endpoint, f"{method} {path}"):
            return self._session.request(
                method,
                f"{self.endpoint.url}/v1/{path}",
                params={**where, **arguments.pop("params", {})},
                headers=headers,
                timeout=timeout,
                **arguments,
            )

    def _check(self, response: Any, doing: str, *, show_answer: bool = True) -> None:
        if response.status_code == _NOT_FOUND and not _absent(response):
            raise BackendError(stranger(self.endpoint, doing))
        if response.status_code >= _FAILURES:
            text = response.text if show_answer else f"status {response.status_code}"
            raise BackendError(from_status(self.endpoint, doing, response.status_code, text))


def _absent(response: Any) -> bool:
    """Tell whether Nomad has no such object: it says "job not found" and the like, another server something else."""
    return response.status_code == _NOT_FOUND and _NO_OBJECT.fullmatch(response.text.strip()) is not None


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
