"""A descriptor in the making: what other files say, written out with comments for the rest."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from hashistack.descriptor.scalars import resolve

DEFAULT_PORT = 8000
_PLAIN = re.compile(r"[A-Za-z0-9_./$~(=][^#:{}\[\],&*!|>'\"%@`\n\t]*(?<! )")


@dataclass(slots=True)
class DraftProcess:
    """A process as far as it is known; `port` means that it receives requests."""

    command: str
    port: int | None = None
    health: str = ""
    replicas: int | None = None


@dataclass(frozen=True, slots=True)
class DraftService:
    """A backing service as far as it is known."""

    type: str
    version: str = ""
    database: str = ""


@dataclass(slots=True)
class Draft:
    """All that goes into a starter; `notes` are what could not be taken over."""

    app: str
    image: str = ""
    env: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    release: str = ""
    processes: dict[str, DraftProcess] = field(default_factory=dict)
    services: dict[str, DraftService] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def write(draft: Draft) -> str:
    """Return the descriptor as commented YAML; it has no mistakes if the names in the draft have none."""
    image = draft.image or f"registry.example.com/{draft.app}"
    untagged = ":" not in image.rsplit("/", 1)[-1]
    comment = "   # without a tag: the version is given when deploying" if untagged else ""
    blocks = [
        "# What the app runs, what it needs and where it runs. `hashistack docs KEY` explains a key,",
        "# `hashistack validate` checks this file, `hashistack render` writes the jobs.",
        "",
        f"app: {scalar(draft.app)}",
        f"image: {scalar(image)}{comment}",
        "",
        *_env(draft),
        *_release(draft),
        *_processes(draft),
        *_services(draft),
        *_ENVIRONMENTS,
    ]
    return "\n".join(blocks) + "\n"


def scalar(text: str) -> str:
    """Return `text` as a YAML scalar that is read as this text, plain where that is safe."""
    if text.isprintable() and _PLAIN.fullmatch(text) and resolve(text) == text:
        return text
    # YAML does not put surrogate pairs together, so only what must be escaped is.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def name(text: str) -> str:
    """Return `text` as a possible name of an app, process or service."""
    clean = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
    return clean if clean[:1].isalpha() else f"app-{clean}".strip("-")[:40]


def _env(draft: Draft) -> list[str]:
    lines = ["# The variables of all processes; ${name.output} is an output of a backing service."]
    entries = [f"  {key}: {scalar(value)}" for key, value in draft.env.items()]
    lines += ["env:", *entries] if entries else ["# env: {LOG_LEVEL: info}"]
    lines += ["", "# Names only: the values live in the cluster, see `hashistack secrets set`."]
    secrets = ", ".join(scalar(secret) for secret in draft.secrets)
    lines.append(f"secrets: [{secrets}]" if secrets else "# secrets: [SESSION_KEY]")
    return [*lines, ""]


def _release(draft: Draft) -> list[str]:
    line = f"release: {scalar(draft.release)}" if draft.release else "# release: ./migrate"
    return ["# Once for each version, before any process changes.", line, ""]


def _processes(draft: Draft) -> list[str]:
    lines = ["processes:"]
    whole = next((key for key, process in draft.processes.items() if process.port is not None), "")
    for process_name, process in draft.processes.items():
        lines += [f"  {process_name}:", f"    command: {scalar(process.command)}"]
        if process.port is not None:
            lines.append(f"    port: {process.port}   # also in the variable PORT")
            health = scalar(process.health)
            lines.append(f"    health: {health}" if process.health else "    # health: /health")
            route = "/" if process_name == whole else f"/{process_name}"
            lines.append(f"    routes: [{route}]   # on the domain of each environment")
        if process.replicas is not None:
            lines.append(f"    scale: {process.replicas}")
    return [*lines, *_PROCESS_HINTS]


def _services(draft: Draft) -> list[str]:
    if not draft.services:
        return ["# backing_services:", "#   db: {type: postgres}", "#   cache: {type: redis}", ""]
    lines = ["backing_services:"]
    for key, service in draft.services.items():
        version = f", version: {service.version}" if service.version else ""
        database = f", database: {service.database}" if service.database else ""
        lines.append(f"  {key}: {{type: {service.type}{version}{database}}}")
    return [*lines, ""]


_PROCESS_HINTS = [
    "    # cpu: 200        # MHz",
    "    # memory: 256     # MiB",
    "    # scale: {min: 2, max: 10, cpu: 70}",
    "  # nightly:",
    "  #   command: ./report",
    '  #   schedule: "0 3 * * *"',
    "",
]
_ENVIRONMENTS = [
    "environments:",
    "  laptop:",
    "    target: local",
    "  # production:",
    "  #   target: aws",
    "  #   region: eu-west-1",
    "  #   domain: shop.example.com",
    "  # factory:",
    "  #   target: onprem",
    "  #   domain: shop.factory.lan",
    "  #   hosts:",
    "  #     n1: {address: 10.0.0.11, roles: [server, client, ingress]}",
]
