"""Read a Procfile: one `name: command` a line, `release` is the release step, `web` receives requests."""

from __future__ import annotations

import re

from hashistack.descriptor.export.draft import DEFAULT_PORT, Draft, DraftProcess, name

_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*?)\s*")


def read(text: str, draft: Draft) -> None:
    """Add the process types of a Procfile to `draft`; the first of a name is taken."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            draft.notes.append(f"line {number} of the Procfile is no `name: command`: {line.strip()}")
        elif "\0" in line:
            draft.notes.append(f"line {number} of the Procfile is left out: it has a NUL character")
        elif draft.release if match[1] == "release" else name(match[1]) in draft.processes:
            draft.notes.append(
                f"line {number} of the Procfile is left out: there is a {name(match[1])} already"
            )
        elif match[1] == "release":
            draft.release = match[2]
        else:
            port = DEFAULT_PORT if match[1] == "web" else None
            draft.processes[name(match[1])] = DraftProcess(match[2], port)
