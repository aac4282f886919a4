"""Read a compose file: databases, queues and stores become backing services, the rest becomes processes."""

from __future__ import annotations

import re
import shlex
from typing import Any

from hashistack.descriptor.export.compose_values import services_in, split_environment
from hashistack.descriptor.export.draft import DEFAULT_PORT, Draft, DraftProcess, DraftService, name
from hashistack.descriptor.export.plain import plain
from hashistack.descriptor.yaml import parse

# The last part of an image's name, and the type of service it is.
_TYPES = {
    "postgres": "postgres", "postgresql": "postgres", "postgis": "postgres", "timescaledb": "postgres",
    "redis": "redis", "valkey": "redis", "keydb": "redis", "redis-stack": "redis",
    "kafka": "kafka", "cp-kafka": "kafka", "redpanda": "kafka", "kafka-native": "kafka",
    "eclipse-mosquitto": "mqtt", "emqx": "mqtt", "hivemq4": "mqtt", "vernemq": "mqtt",
    "minio": "object-storage", "seaweedfs": "object-storage",
    "mongo": "mongodb", "mongodb": "mongodb", "ferretdb": "mongodb",
}  # fmt: skip
_UNNEEDED = {"zookeeper": "Kafka runs without it", "cp-zookeeper": "Kafka runs without it"}
# Types whose version in a tag is the version that clients care about.
_VERSIONED = ("postgres",)


def read(text: str, draft: Draft, *, with_processes: bool) -> None:
    """Add what a compose file says to `draft`; processes only if nothing else has said what to run."""
    tree, _ = parse(text)
    document = plain(tree) if tree is not None else None
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, dict):
        draft.notes.append("the compose file has no services")
        return
    processes: dict[str, dict[str, Any]] = {}
    for key, service in services.items():
        if not isinstance(service, dict):
            continue
        image = str(service.get("image", ""))
        short = re.split("[:@]", image.rsplit("/", 1)[-1], maxsplit=1)[0]
        if short in _UNNEEDED:
            draft.notes.append(f"{key} is left out: {_UNNEEDED[short]}")
        elif short in _TYPES:
            draft.services[name(key)] = _service(_TYPES[short], image)
        else:
            processes[name(key)] = service
    kinds = {key: service.type for key, service in draft.services.items()}
    for key in sorted(kinds.keys() & draft.processes.keys()):
        del draft.processes[key]
        draft.notes.append(f"the process {key} is left out: it is a backing service")
    for key, service in processes.items():
        _variables(draft, key, service, kinds)
        if with_processes:
            draft.processes[key] = _process(draft, key, service)
    _image(draft, processes)


def _service(kind: str, image: str) -> DraftService:
    tag = re.match(r"[0-9]+(\.[0-9]+)*", image.rsplit(":", 1)[-1]) if ":" in image else None
    return DraftService(kind, tag.group() if tag and kind in _VERSIONED else "")


def _process(draft: Draft, key: str, service: dict[str, Any]) -> DraftProcess:
    command = " ".join(filter(None, (_words(service.get("entrypoint")), _words(service.get("command")))))
    if not command:
        command = f"./{key}"
        draft.notes.append(f"processes.{key}.command is a guess: the compose file leaves it to the image")
    replicas = (
        (service.get("deploy") or {}).get("replicas") if isinstance(service.get("deploy"), dict) else None
    )
    return DraftProcess(
        command=command.replace("$$", "$"),
        port=_port(service),
        health=_health(service),
        replicas=replicas if isinstance(replicas, int) else None,
    )


def _words(value: object) -> str:
    if isinstance(value, list):
        return shlex.join(str(word) for word in value)
    return " ".join(str(value).split()) if value else ""


def _port(service: dict[str, Any]) -> int | None:
    """Return the first port inside of the container: of 127.0.0.1:8080:80/tcp it is 80."""
    for entry in [*(service.get("ports") or []), *(service.get("expose") or [])]:
        target = entry.get("target") if isinstance(entry, dict) else entry
        last = re.sub(r"/(tcp|udp)$", "", str(target)).rsplit(":", 1)[-1].split("-")[0]
        return int(last) if last.isdecimal() and 0 < int(last) <= 65535 else DEFAULT_PORT  # noqa: PLR2004
    return None


def _health(service: dict[str, Any]) -> str:
    check = service.get("healthcheck")
    test = _words(check.get("test")) if isinstance(check, dict) else ""
    match = re.search(r"https?://[^/\s'\"]+(/[A-Za-z0-9._~/-]*)", test)
    return match[1] if match else ""


def _variables(draft: Draft, key: str, service: dict[str, Any], kinds: dict[str, str]) -> None:
    plain_values, secrets = split_environment(service.get("environment"))
    for variable, written in plain_values.items():
        value = services_in(written, kinds)
        if draft.env.setdefault(variable, value) != value:
            draft.notes.append(
                f"{variable} of {key} has another value there: variables are the same in all processes"
            )
    draft.secrets += [secret for secret in secrets if secret not in draft.secrets]
    draft.secrets = [secret for secret in draft.secrets if secret not in draft.env]
    if service.get("env_file"):
        draft.notes.append(f"the env_file of {key} was not read: add its variables to env or secrets")
    if service.get("volumes"):
        draft.notes.append(f"the volumes of {key} are left out: processes keep nothing, backing services do")


def _image(draft: Draft, processes: dict[str, dict[str, Any]]) -> None:
    images = {str(service["image"]) for service in processes.values() if service.get("image")}
    if len(images) == 1 and not any("$" in image for image in images):
        draft.image = images.pop()
    elif images:
        draft.notes.append(f"the processes have several images, an app has one: {', '.join(sorted(images))}")
