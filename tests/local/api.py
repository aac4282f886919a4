"""The few HTTP calls with which the tests look at Nomad and Consul from the outside, past hashistack's own code."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def get(address: str, path: str) -> Any:
    with urllib.request.urlopen(address + path, timeout=30) as answer:
        return json.load(answer)


def put(address: str, path: str, body: object) -> Any:
    data = json.dumps(body).encode()
    request = urllib.request.Request(address + path, data=data, method="PUT")
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def delete(address: str, path: str) -> None:
    urllib.request.urlopen(urllib.request.Request(address + path, method="DELETE"), timeout=30).close()


def submit(nomad: str, hcl: str, **variables: str) -> str:
    """Register a job file as `nomad job run` does and return the job's name."""
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in variables.items())
    job = put(nomad, "/v1/jobs/parse", {"JobHCL": hcl, "Variables": text, "Canonicalize": True})
    put(nomad, "/v1/jobs", {"Job": job})
    return str(job["ID"])


def purge(nomad: str, job: str) -> None:
    delete(nomad, f"/v1/job/{urllib.parse.quote(job, safe='')}?purge=true")


def allocations(nomad: str, job: str, group: str | None = None) -> list[dict[str, Any]]:
    """Return a job's allocations, the newest first."""
    found = get(nomad, f"/v1/job/{urllib.parse.quote(job, safe='')}/allocations")
    chosen = [one for one in found if group is None or one["TaskGroup"] == group]
    return sorted(chosen, key=lambda one: -one["CreateIndex"])


def running(nomad: str, job: str, group: str | None = None) -> list[dict[str, Any]]:
    return [one for one in allocations(nomad, job, group) if one["ClientStatus"] == "running"]


def log(nomad: str, allocation: str, task: str, stream: str = "stdout") -> str:
    path = f"/v1/client/fs/logs/{allocation}?task={task}&type={stream}&plain=true"
    with urllib.request.urlopen(nomad + path, timeout=30) as answer:
        return str(answer.read().decode())


def until(condition: Callable[[], T], seconds: float = 60.0) -> T:
    """Return the first true value of `condition`, or fail after `seconds` with the last one."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"still {value!r} after {seconds} s"
        time.sleep(0.3)
    return value
