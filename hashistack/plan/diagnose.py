"""Say why an instance is not healthy: what Nomad and Consul report, put into words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hashistack.plan.actual import SIGN_OF_LIFE, Json
from hashistack.plan.finding import Finding, Kind
from hashistack.plan.symptoms import Check, Symptoms, tells

__all__ = ["Check", "Symptoms", "diagnose", "tells"]

_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
_KILLED = 137  # 128 + SIGKILL
_KEPT_EVENTS = 10  # Nomad keeps the last ten of a task
_ASKED_TO_END = ("Restart Signaled", "Killing", "Signaling")


def diagnose(symptoms: Symptoms) -> Finding | None:
    """Explain why an allocation is not healthy; None if nothing speaks against it."""
    group = str(symptoms.allocation["TaskGroup"])
    where = f"{group} ({symptoms.allocation['ID'][:8]})"
    events = _events(symptoms.allocation)
    for rule in (_image, _driver, _memory, _taken, _exit, _ended, _template, _waiting):
        for event in reversed(events):
            finding = rule(where, event, symptoms)
            if finding:
                return finding
    return (
        _check(where, symptoms) or _restarted(where, events, symptoms) or _deadline(where, events, symptoms)
    )


def _events(allocation: Json) -> list[Json]:
    """Return the events of all tasks in their order, without the ends that Nomad itself asked for."""
    states: dict[str, Json] = allocation.get("TaskStates") or {}
    told = (state.get("Events") or [] for state in states.values() if not _is_done(state))
    found = [event for events in told for event in _own_events(events)]
    return sorted(found, key=lambda event: int(event.get("Time") or 0))


def _is_done(state: Json) -> bool:
    """Tell whether a task has done what it had to do before or after the main one starts."""
    return state.get("State") == "dead" and state.get("Failed") is False and not state.get("Restarts")


def _own_events(events: Sequence[Json]) -> Iterator[Json]:
    asked = len(events) >= _KEPT_EVENTS  # what came before the first is lost
    for event in events:
        if (event.get("Details") or {}).get("signal") == SIGN_OF_LIFE:
            continue
        asked = event["Type"] in _ASKED_TO_END or (asked and event["Type"] != "Started")
        if not (asked and event["Type"] == "Terminated"):
            yield event


def _text(event: Json) -> str:
    return str(event.get("DisplayMessage") or event.get("Message") or event.get("Type"))


def _image(where: str, event: Json, symptoms: Symptoms) -> Finding | None:
    text = _text(event)
    if event["Type"] != "Driver Failure" or "pull" not in text.lower():
        return None
    image = (
        re.search(r"[Ff]ailed to pull `([^`]+)`", text)
        or re.search(r"image (\S+)", text)
        or ["", "the image"]
    )[1]
    if re.search(r"unauthorized|authentication required|denied|no basic auth", text, re.IGNORECASE):
        cause = f"the registry does not let {image} be pulled without a login, or it does not exist"
        hint = "check the name and the version; for a private registry set `registry` and its secret"
    elif re.search(r"not found|manifest unknown|does not exist", text, re.IGNORECASE):
        cause, hint = f"there is no image {image}", "check the name and the version, and that it was pushed"
    else:
        cause = f"{image} cannot be pulled: the registry cannot be reached"
        hint = "check the network; an image that was built on this machine needs a version other than latest"
    return Finding("image", where, text, cause, hint)


def _driver(where: str, event: Json, symptoms: Symptoms) -> Finding | None:
    text = _text(event)
    if event["Type"] not in ("Driver Failure", "Failed Validation", "Setup Failure"):
        return None
    if "port is already allocated" in text or "address already in use" in text:
        return _port(where, text, text, symptoms.log)
    if "executable file not found" in text or "no such file or directory" in text:
        cause = "the image has no such program; commands run with its /bin/sh"
        return Finding("exit", where, text, cause, "use an image that has a shell", symptoms.log)
    if 'hook "consul" failed' in text:
        cause = "Consul did not let the instance log in, or did not answer on its machine"
        return Finding("consul", where, text, cause, "see `hashistack doctor`; then `up` starts it again")
    return Finding("driver", where, text, "Docker could not start the container", "the event says why")


# How Go, Valkey, nginx, Docker, Node and Ruby name the port that they do not get.
_TAKEN_PORT = re.compile(
    r":(\d+)(?:: bind:| failed)|address already in use \S*:(\d+)|in use.* port (\d+)", re.IGNORECASE
)


def _port(where: str, event: str, said: str, log: tuple[str, ...]) -> Finding:
    named = _TAKEN_PORT.search(said)
    port = f"port {named[named.lastindex or 0]}" if named else "the port"
    cause = f"{port} is used by another program"
    return Finding("port", where, event, cause, "stop that program, or change the port", log)


def _taken(where: str, event: Json, symptoms: Symptoms) -> Finding | None:
    """Explain a process that says with its last words that its port is taken; newest line first."""
    said = [line for line in reversed(symptoms.log) if "address already in use" in line.lower()]
    if event["Type"] != "Terminated" or not said:
        return None
    return _port(where, _text(event), said[0], symptoms.log)


def _memory(where: str, event: Json, symptoms: Symptoms) -> Finding | None:
    details = event.get("Details") or {}
    if event["Type"] != "Terminated" or details.get("oom_killed") != "true":
        return None
    hint = f"raise `{symptoms.key}.memory`"
    return Finding(
        "memory", where, _text(event), "it used more memory than it may and was killed", hint, symptoms.log
    )


def _exit(where: str, event: Json, symptoms: Symptoms) -> Finding | None:
    code = _exit_code(event)
    if event["Type"] != "Terminated" or code == 0:
        return None
    causes = {
        _NOT_FOUND: (
            "the command was not found in the image (exit code 127)",
            "check the spelling and the image's PATH",
        ),
        _NOT_EXECUTABLE: (
            "the command is no program that can be run (exit code 126)",
            "make it executable in the image",
        ),
        _KILLED: (
            "it was killed (exit code 137), most often for want of memory",
            f"raise `{symptoms.key}.memory`, or see why it does not end on SIGTERM",
        ),
    }
    why = "its last lines say why" if symptoms.log else ""
    cause, hint = causes.get(code, (f"it ends with exit code {code}", why))
    return Finding("memory" if code == _KILLED else "exit", where, _text(event), cause, hint, symptoms.log)


def _ended(where: str, event: Json, symptoms: Symptoms) -> Finding | None:
    """Explain a server that goes to the background: what Nomad watches has ended, and all went well."""
    if event["Type"] != "Terminated":
        return None
    hint = "run it in the foreground; a process of a service must not end"
    return Finding("exit", where, _text(event), "it ends by itself with exit code 0", hint, symptoms.log)


def _exit_code(event: Json) -> int:
    told = (event.get("Details") or {}).get("exit_code")
    return int(told if told is not None else event.get("ExitCode") or 0)


def _template(where: str, event: Json, symptoms: Symptoms) -> Finding | None:
    text = _text(event)
    if event["Type"] not in ("Killing", "Template") or "emplate" not in text or "Missing" in text:
        return None
    return Finding("waiting", where, text, "a template cannot be filled in", "the event says why")


_MISSING_VARIABLE = re.compile(r"nomad\.var\.\w+\((?P<path>[^@)]+)")
_MISSING_SERVICE = re.compile(r"health\.service\((?P<service>[^|@)]+)")


def _waiting(where: str, event: Json, symptoms: Symptoms) -> Finding | None:
    text = _text(event)
    if "Missing" not in text:
        return None
    if symptoms.allocation.get("TaskStates") and any(
        state.get("State") != "pending" for state in symptoms.allocation["TaskStates"].values()
    ):
        return None
    app = str(symptoms.allocation["JobID"])
    waits = [_missing_variable(match["path"], app) for match in _MISSING_VARIABLE.finditer(text)]
    waits += [_missing_service(match["service"]) for match in _MISSING_SERVICE.finditer(text)]
    cause, hint = waits[0] if waits else ("it waits for something that does not exist", "the event names it")
    return Finding("waiting", where, text, cause, hint)


def _missing_variable(path: str, app: str) -> tuple[str, str]:
    parts = path.split("/")
    job, item = parts[2] if len(parts) > 2 else "", parts[3] if len(parts) > 3 else None  # noqa: PLR2004 - nomad/jobs/JOB/ITEM
    if item == "address":
        return _missing_service(job)
    if item:
        return f"it waits for the secret {item}, which has no value", f"hashistack secrets set {item}"
    if job and job == app:
        return "it waits for the app's secrets, none of which has a value", "hashistack secrets set NAME"
    return (
        f"it waits for the Nomad variable {path}, which does not exist",
        "run `hashistack up`, which makes it",
    )


def _missing_service(service: str) -> tuple[str, str]:
    return (
        f"it waits for the Consul service {service}, which has no healthy instance",
        f"see why with `nomad job status {service}`, or register it in Consul",
    )


def _check(where: str, symptoms: Symptoms) -> Finding | None:
    failing = [check for check in symptoms.checks if check.status != "passing"]
    if not failing:
        return None
    check = failing[0]
    event = f"check {check.name} is {check.status}: {check.output.strip() or 'it says nothing yet'}"
    path = re.search(r"https?://[^/\s]+(?P<path>/[^\s\":]*)", check.output)
    named = f"its health check {path['path']}" if path else "its health check"
    for kind, pattern, does, hint in _CHECK_CAUSES:
        found = re.search(pattern, check.output)
        if found:
            cause = f"{named} {does}".format(**found.groupdict())
            advice = _MEMBERS if symptoms.service else hint.format(key=symptoms.key)
            return Finding(kind, where, event, cause, advice, symptoms.log)
    return Finding("unhealthy", where, event, f"{named} does not pass", _health(symptoms), symptoms.log)


_MEMBERS = "`hashistack status` shows its members"


def _health(symptoms: Symptoms) -> str:
    return _MEMBERS if symptoms.service else f"see `{symptoms.key}.health`"


# What Consul's checks say (Go's net/http errors, or the answer's status line), what that means, what to do.
_CHECK_CAUSES: tuple[tuple[Kind, str, str, str], ...] = (
    (
        "refused",
        r"connection refused",
        "is refused: nothing listens on its port, or only on 127.0.0.1 inside the container",
        "listen on 0.0.0.0 and on the port in `{key}.port`, which is also $PORT, or raise `grace` in `{key}.health`",
    ),
    (
        "check",
        r"HTTP \w+ \S+: (?P<code>\d{3})",
        "is answered with {code}",
        "let the path in `{key}.health` answer with 200",
    ),
    (
        "check",
        r"[Cc]lient\.Timeout|deadline exceeded|i/o timeout",
        "is not answered in time",
        "raise timeout in `{key}.health`, or make the path answer faster",
    ),
    (
        "check",
        r"EOF|reset by peer|malformed HTTP",
        "gets no HTTP for an answer",
        "check `{key}.port`; without `health` only the port is checked",
    ),
)


def _restarted(where: str, events: Sequence[Json], symptoms: Symptoms) -> Finding | None:
    """Explain an instance that its health check has ended; Consul knows nothing of it any more."""
    told = [
        _text(event)
        for event in events
        if event["Type"] == "Restart Signaled" and "healthcheck" in _text(event)
    ]
    if not told:
        return None
    cause = "its health check did not pass, again and again"
    return Finding("unhealthy", where, told[-1], cause, _health(symptoms), symptoms.log)


def _deadline(where: str, events: Sequence[Json], symptoms: Symptoms) -> Finding | None:
    status = symptoms.allocation.get("DeploymentStatus") or {}
    if status.get("Healthy") is not False:
        return None
    told = [_text(event) for event in events if event["Type"] == "Alloc Unhealthy"]
    event = told[-1] if told else "unhealthy by the deadline of its deployment"
    hint = "its last lines may say why" if symptoms.log else ""
    return Finding("deadline", where, event, "it did not become healthy in time", hint, symptoms.log)
