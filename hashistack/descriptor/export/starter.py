"""The first descriptor of an app: from its compose file, its Procfile, or from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hashistack.descriptor.export import compose, procfile
from hashistack.descriptor.export.draft import DEFAULT_PORT, Draft, DraftProcess, name, write
from hashistack.descriptor.meaning_names import RESERVED

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

    A Procfile says what to run and a compose file what is needed, so both are taken if both are there.
    """
    clean = name(app)
    draft = Draft(f"{clean}-app" if clean in RESERVED else clean)
    sources = []
    if PROCFILE in files:
        procfile.read(files[PROCFILE], draft)
        sources.append(PROCFILE)
    found = next((file for file in COMPOSE_FILES if file in files), "")
    if found:
        compose.read(files[found], draft, with_processes=not draft.processes)
        sources.append(found)
    if not draft.processes:
        draft.processes["web"] = DraftProcess("./serve --port $PORT", DEFAULT_PORT)
        if sources:
            draft.notes.append("no process was found: replace the command of web")
    return Starter(write(draft), " and ".join(sources), tuple(draft.notes))
