"""Read a compose file: databases, queues and stores become backing services, the rest becomes processes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hashistack.descriptor import forms, yaml
from hashistack.descriptor.export import compose_process, images
from hashistack.descriptor.export.compose_values import interpolated, variables
from hashistack.descriptor.export.draft import Draft, DraftService, name
from hashistack.descriptor.export.plain import plain
from hashistack.descriptor.export.references import Backing, points_at
from hashistack.descriptor.nodes import Finding
from hashistack.descriptor.schema_services import ENGINES
from hashistack.descriptor.stand_in_needs import NEEDS
from hashistack.diagnostics import DescriptorError, Diagnostic, Span

# Types whose version in a tag is the version that clients care about.
_VERSIONED = ("postgres",)
_MERGE_KEY = "HS128"
_EMPTY = "HS126"
Service = dict[str, Any]


def read(text: str, file: str, draft: Draft, *, with_processes: bool) -> None:
    """Add what a compose file says to `draft`; processes only if nothing else has said what to run.

    Raises DescriptorError if `text` is no YAML.
    """
    services = _services(text, file, draft)
    if not services:
        draft.notes.append("the compose file has no services")
    hosts: dict[str, Backing] = {}
    ours = {key: service for key, service in services.items() if _is_process(draft, key, service, hosts)}
    ours = _of_one_image(draft, ours)
    for key, service in ours.items():
        _variables(draft, key, service, hosts, services)
        if not with_processes:
            continue
        if name(key) in draft.processes:
            draft.notes.append(f"the service {key} is left out: there is a process {name(key)} already")
        else:
            draft.processes[name(key)] = compose_process.process(draft.notes, key, service)


def _services(text: str, file: str, draft: Draft) -> dict[str, Service]:
    decoded, findings = yaml.decode(text)
    tree = None
    if not findings:
        tree, findings = yaml.parse(decoded)
    empty = any(diagnostic.code == _EMPTY for _, diagnostic in findings)
    if tree is None and not empty:
        raise DescriptorError(*(_placed(finding, file, decoded) for finding in findings))
    # Compose files may have merge keys, and they are read as they are meant.
    remarks = [(mark, found) for mark, found in findings if found.code not in (_EMPTY, _MERGE_KEY)]
    draft.notes += [f"{file}, line {mark[0]}: {found.summary}" for mark, found in remarks]
    document = plain(tree) if tree is not None else None
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, dict):
        return {}
    return {key: service for key, service in services.items() if isinstance(service, dict)}


def _placed(finding: Finding, file: str, text: str) -> Diagnostic:
    mark, diagnostic = finding
    return replace(diagnostic, span=Span(file, *mark), source=text.split("\n")[mark[0] - 1])


def _is_process(draft: Draft, key: str, service: Service, hosts: dict[str, Backing]) -> bool:
    """Tell whether the app runs a service itself; if not, put it where it belongs."""
    image, _ = _written_image(service)
    # What is built in a folder of its own, without a name, is what its key says: nginx, postgres.
    label = image or (key.lower() if _folder(service) else "")
    kind, reason = images.kind(label), images.left_out(label)
    if kind:
        _add_backing(draft, key, service, hosts, kind)
    elif reason and not (image and "build" in service):
        draft.notes.append(f"{key} is left out: {reason}")
    else:
        return True
    return False


def _add_backing(draft: Draft, key: str, service: Service, hosts: dict[str, Backing], kind: str) -> None:
    clean = name(key)
    if clean in draft.services:
        draft.notes.append(f"the service {key} is left out: there is a backing service {clean} already")
        return
    version = images.version(_written_image(service)[0]) if kind in _VERSIONED else ""
    if version and not NEEDS[ENGINES[kind][0]].runs(version):
        draft.notes.append(
            f"{key} gets a newer {kind} than {version}, which is not run: dump and restore its data"
        )
        version = ""
    draft.services[clean] = DraftService(kind, version)
    for host in (key, service.get("container_name"), service.get("hostname")):
        if host and isinstance(host, str):
            hosts.setdefault(host, Backing(clean, kind, draft.app))


def _image(service: Service) -> str:
    """Return the image of a service with the defaults of its variables; "" if one has none."""
    text, complete = _written_image(service)
    return text if complete else ""


def _written_image(service: Service) -> tuple[str, bool]:
    return interpolated(str(service.get("image") or ""))


def _folder(service: Service) -> str:
    """Return the folder in which a service is built, "" if it is the app's or there is none."""
    build = service.get("build")
    folder = build.get("context", ".") if isinstance(build, dict) else build
    return str(folder or "").removeprefix("./").strip("/.")


def _of_one_image(draft: Draft, services: dict[str, Service]) -> dict[str, Service]:
    """Return the services that run the image of the app, and put that image into `draft` if it is known."""
    built = {key: service for key, service in services.items() if service.get("build")}
    found = sorted({_image(service) for service in (built or services).values()} - {""})
    ours = {}
    for key, service in services.items():
        if built and key not in built and _image(service) not in ("", *found):
            draft.notes.append(f"{key} is left out: it has an image of its own, an app has one")
        else:
            ours[key] = service
    if len(found) > 1:
        draft.notes.append(f"the processes have several images, an app has one: {', '.join(found)}")
    elif found:
        _set_image(draft, found[0])
    folders = sorted({_folder(service) or "." for service in built.values()})
    if len(folders) > 1:
        draft.notes.append(
            f"the processes are built in several folders, an app has one image: {', '.join(folders)}"
        )
    return ours


def _set_image(draft: Draft, image: str) -> None:
    try:
        forms.image(image, "image")
    except forms.RejectedError as error:
        draft.notes.append(f"the image is left out: {error.diagnostic.summary}")
    else:
        draft.image = image


def _variables(
    draft: Draft, key: str, service: Service, hosts: dict[str, Backing], services: dict[str, Service]
) -> None:
    found = variables(service.get("environment"), hosts)
    draft.notes += [f"in {key}: {note}" for note in found.notes]
    if found.values.pop("PORT", "") or "PORT" in found.secrets:
        draft.notes.append(f"PORT of {key} is left out: every process with a port gets it")
    for variable, value in found.values.items():
        if draft.env.setdefault(variable, value) != value:
            draft.notes.append(
                f"{variable} of {key} has another value there: variables are the same in all processes"
            )
        if other := points_at(variable, value, services):
            draft.notes.append(
                f"{variable} of {key} points at {other}: no process or service has that address here"
            )
    draft.secrets += [secret for secret in found.secrets if secret not in (*draft.secrets, "PORT")]
    draft.secrets = [secret for secret in draft.secrets if secret not in draft.env]
    if service.get("env_file"):
        draft.notes.append(f"the env_file of {key} was not read: add its variables to env or secrets")
    if service.get("volumes"):
        draft.notes.append(f"the volumes of {key} are left out: processes keep nothing, backing services do")
