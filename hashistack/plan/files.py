"""From rendered files to the jobs that they describe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from hashistack.diagnostics import UsageProblem
from hashistack.messages import cluster as messages
from hashistack.model import Image

_SUFFIX = ".nomad.hcl"
# github.com/distribution/reference, `tag`; or the digest that a descriptor has behind its image.
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|sha256:[0-9a-f]{64}")
_DECLARED = re.compile(r'^variable "(\w+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class JobFile:
    """A rendered job: its id, its text, and the HCL variables that it declares."""

    id: str
    source: str
    declares: frozenset[str]

    def arguments(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return those of the values that the file declares."""
        return {name: value for name, value in values.items() if name in self.declares}


def job_files(rendered: Mapping[str, bytes], environment: str) -> tuple[JobFile, ...]:
    """Pick the job files of one environment out of rendered files by path; sorted by job id."""
    found = []
    for path, content in rendered.items():
        name = PurePosixPath(path)
        if name.parts[:2] == (environment, "jobs") and name.name.endswith(_SUFFIX):
            source = content.decode()
            found.append(
                JobFile(name.name.removesuffix(_SUFFIX), source, frozenset(_DECLARED.findall(source)))
            )
    return tuple(sorted(found, key=lambda file: file.id))


def version_to_run(image: Image, given: str | None) -> str:
    """Return the version that `up` deploys: what the image itself says, else what was given."""
    fixed = image.tag or image.digest
    if fixed is None and given is None:
        raise UsageProblem(messages.version_needed(image.name))
    if given is not None and not _TAG.fullmatch(given):
        raise UsageProblem(messages.no_version(given))
    if fixed is not None and given not in (None, fixed):
        raise UsageProblem(messages.version_taken(image.name, str(given)))
    return str(fixed or given)
