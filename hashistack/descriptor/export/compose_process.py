"""Make a process of a compose service: its command, its port, its health check, its replicas."""

from __future__ import annotations

import re
import shlex
from typing import Any

from hashistack.descriptor.export.compose_values import interpolated
from hashistack.descriptor.export.draft import DEFAULT_PORT, DraftProcess, name
from hashistack.descriptor.schema import PORT


def process(notes: list[str], key: str, service: dict[str, Any]) -> DraftProcess:
    """Return the process that `service` is; what is a guess goes to `notes`."""
    command = " ".join(filter(None, (_words(service.get("entrypoint")), _words(service.get("command")))))
    if not command:
        command = f"./{name(key)}"
        notes.append(f"processes.{name(key)}.command is a guess: the compose file leaves it to the image")
    return DraftProcess(
        command=command.replace("$$", "$"),
        port=_port(service),
        health=_health(service),
        replicas=_replicas(service),
    )


def _words(value: object) -> str:
    if isinstance(value, list):
        return shlex.join(str(word) for word in value)
    return " ".join(str(value).split()) if value else ""


def _port(service: dict[str, Any]) -> int | None:
    """Return the first port inside of the container: of 127.0.0.1:8080:80/tcp it is 80."""
    for entry in [*_listed(service.get("ports")), *_listed(service.get("expose"))]:
        target = entry.get("target") if isinstance(entry, dict) else entry
        text, _ = interpolated(str(target))
        last = re.sub(r"/(tcp|udp)$", "", text).rsplit(":", 1)[-1].split("-")[0]
        return int(last) if _is_number(last) and PORT.low <= int(last) <= PORT.high else DEFAULT_PORT
    return None


def _health(service: dict[str, Any]) -> str:
    check = service.get("healthcheck")
    test = _words(check.get("test")) if isinstance(check, dict) else ""
    match = re.search(r"https?://[^/\s'\"]+(/[A-Za-z0-9._~/-]*)", test)
    return match[1] if match else ""


def _replicas(service: dict[str, Any]) -> int | None:
    deploy = service.get("deploy")
    replicas = deploy.get("replicas") if isinstance(deploy, dict) else service.get("scale")
    text, _ = interpolated(str(replicas))
    return int(text) if _is_number(text) else None


def _listed(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _is_number(text: str) -> bool:
    """Tell whether `text` is a whole number that is not absurdly long."""
    return re.fullmatch("[0-9]{1,9}", text) is not None
