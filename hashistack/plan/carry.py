"""Keep in a job what was decided meanwhile, and make a job new enough to be tried or started again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace

from hashistack.plan import names
from hashistack.plan.actual import Candidate, Json


def carried_over(job: Json, running: Json | None, *, failed: bool) -> Json:
    """Return `job` with the counts that scaling has chosen and the number of the attempt.

    Nomad does not start a version again whose deployment has failed, not even when it is submitted again: a meta
    that counts the attempts makes it another version. `failed` says that the running one is such a version.
    """
    if running is None or running.get("Stop"):
        return job
    result = deepcopy(job)
    attempt = _number(running, names.ATTEMPT) + (1 if failed else 0)
    for name, number in ((names.ATTEMPT, attempt), (names.CERTIFICATE, _number(running, names.CERTIFICATE))):
        if number:
            result["Meta"] = {**(result.get("Meta") or {}), name: str(number)}
    counts = {group["Name"]: int(group["Count"]) for group in running.get("TaskGroups") or []}
    for group in result.get("TaskGroups") or []:
        limits = group.get("Scaling")
        if limits and group["Name"] in counts and limits.get("Enabled"):
            group["Count"] = min(max(counts[group["Name"]], int(limits["Min"] or 0)), int(limits["Max"]))
    return result


def certificate_of(candidate: Candidate) -> int:
    """Return the edition of the certificate that the members of a job have had since they were started last."""
    return _number(candidate.job, names.CERTIFICATE)


def with_certificate(candidate: Candidate, edition: int) -> Candidate:
    """Return a job that Nomad takes for a new version: its members start again and read the certificate."""
    job = candidate.job
    counted = {names.CERTIFICATE: str(edition)}
    return replace(candidate, job={**job, "Meta": {**(job.get("Meta") or {}), **counted}}, changed=True)


def has_failed(job: Json, deployments: Iterable[Json]) -> bool:
    """Tell whether the newest deployment (the first given) is the job's current version and has failed."""
    newest = next(iter(deployments), None)
    return bool(newest and newest["JobVersion"] == job["Version"] and newest["Status"] == "failed")


def differs(diff: Json) -> bool:
    """Tell whether a diff of Nomad's plan holds a difference; it also lists parts as edited in which nothing is."""
    if diff.get("Type") in ("Added", "Deleted"):
        return True
    if any(field.get("Type", "None") != "None" for field in diff.get("Fields") or []):
        return True
    parts = (part for kind in ("Objects", "TaskGroups", "Tasks") for part in diff.get(kind) or [])
    return any(differs(part) for part in parts)


def same_kind(job: Json, running: Json) -> bool:
    """Tell whether Nomad takes the job as a new version of the running one: same type, periodic as before or not."""
    return job["Type"] == running["Type"] and bool(job.get("Periodic")) == bool(running.get("Periodic"))


def _number(job: Json, name: str) -> int:
    return int((job.get("Meta") or {}).get(name, 0))
