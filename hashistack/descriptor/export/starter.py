"""The first descriptor of an app: from its compose file, its Procfile, or from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hashistack.descriptor.export import compose, procfile
from hashistack.descriptor.export.draft import DEFAULT_PORT, Draft, DraftProcess, DraftService, name, write
from hashistack.descriptor.export.mend import mended
from hashistack.descriptor.export.references import without_logins
from hashistack.descriptor.meaning_names import RESERVED, ROLES

COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
PROCFILE = "Procfile"
READ = (*COMPOSE_FILES, PROCFILE)
"""The names of the files that a starter can be made from."""


@dataclass(frozen=True, slots=True)
class Starter:
    """The text of a descriptor, the file it was made from ("" if from nothing), and what was left out."""

    text: str
    source: str
    notes: tuple[str, ...]


def starter(files: Mapping[str, str], app: str) -> Starter:
    """Return the starter for `app`, any text; `files` are the texts of those of READ that are there.

    A Procfile says what to run and a compose file what is needed, so both are taken if both are there. Raises
    DescriptorError if the compose file is no YAML.
    """
    clean = name(app)
    draft = Draft(f"{clean}-app" if clean in RESERVED else clean)
    sources = []
    if PROCFILE in files:
        procfile.read(files[PROCFILE], draft)
        sources.append(PROCFILE)
    found = next((file for file in COMPOSE_FILES if file in files), "")
    if found:
        compose.read(files[found], found, draft, with_processes=not draft.processes)
        sources.append(found)
    _give_database(draft)
    _leave_out_taken(draft)
    _hide_logins(draft)
    if not draft.processes:
        draft.processes["web"] = DraftProcess("./serve --port $PORT", DEFAULT_PORT)
        if sources:
            draft.notes.append("no process was found: replace the command of web")
    text, mistakes = mended(write(draft))
    if not text:
        # Nobody has written such a file yet; whoever does gets a descriptor that is right, and is told why.
        text, mistakes = starter({}, app).text, [*mistakes, "nothing could be taken over"]
    return Starter(text, " and ".join(sources), (*draft.notes, *mistakes))


def _give_database(draft: Draft) -> None:
    """Documents are kept in a postgres service: name one for them, or the first of several."""
    known = [key for key, service in draft.services.items() if service.type == "postgres"]
    for key, service in list(draft.services.items()):
        if service.type != "mongodb":
            continue
        if not known:
            known = [next(free for free in ("db", f"{key}-db", "documents-db") if free not in draft.services)]
            draft.services[known[0]] = DraftService("postgres")
            draft.notes.append(f"{known[0]} keeps the documents of {key}")
        if len(known) > 1:
            draft.services[key] = replace(service, database=known[0])


def _leave_out_taken(draft: Draft) -> None:
    for service in draft.services:
        for taken in {service + role for role in ("", *ROLES)} & draft.processes.keys():
            del draft.processes[taken]
            draft.notes.append(
                f"the process {taken} is left out: the backing service {service} has that name"
            )


def _hide_logins(draft: Draft) -> None:
    note = "holds a password: it is CHANGE_ME now, make it one of the secrets"
    if (hidden := without_logins(draft.release)) != draft.release:
        draft.release = hidden
        draft.notes.append(f"release {note}")
    for key, process in draft.processes.items():
        if (hidden := without_logins(process.command)) != process.command:
            process.command = hidden
            draft.notes.append(f"processes.{key}.command {note}")
