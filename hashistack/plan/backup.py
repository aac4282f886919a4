"""What a backup is: two snapshots, a manifest that says of what, and the checksums of all three. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from hashistack.diagnostics import Diagnostic
from hashistack.messages import upkeep as messages

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
SNAPSHOTS = {"Consul": "consul.snap", "Nomad": "nomad.snap"}
"""File by product, in the order in which they are restored: Nomad's servers and clients find each other in Consul."""

_FORMAT = 1
_SUM = re.compile(r"([0-9a-f]{64}) [ *](\S+)")  # GNU coreutils, sha256sum


@dataclass(frozen=True, slots=True)
class Manifest:
    """Of what a backup is: `taken` in ISO 8601, UTC; `jobs` are those that were not stopped."""

    app: str
    environment: str
    taken: str
    consul: str
    nomad: str
    jobs: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The name of the backup's folder: no colons, which not every file system takes."""
        return f"{self.app}-{self.environment}-{self.taken.replace(':', '')}"


def manifest_text(manifest: Manifest) -> str:
    """Write a manifest as JSON."""
    return json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=2) + "\n"


def read_manifest(text: str) -> Manifest:
    """Read a manifest; raise ValueError where it is none."""
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise ValueError("of another format")
    names = ("app", "environment", "taken", "consul", "nomad")
    if not all(isinstance(found.get(name), str) for name in names) or not isinstance(found.get("jobs"), list):
        raise ValueError("incomplete")
    return Manifest(**{name: found[name] for name in names}, jobs=tuple(map(str, found["jobs"])))


def sums_text(sums: Mapping[str, str]) -> str:
    """Write checksums as `sha256sum` reads them."""
    return "".join(f"{value}  {name}\n" for name, value in sorted(sums.items()))


def read_sums(text: str) -> dict[str, str]:
    """Read checksums by file name; lines of another form are left out."""
    found = (_SUM.fullmatch(line) for line in text.splitlines())
    return {match[2]: match[1] for match in found if match}


def faults(told: Mapping[str, str], found: Mapping[str, str | None]) -> tuple[str, ...]:
    """Compare the checksums that are `told` with those `found`, None for a file that is not there."""
    return tuple(_faults(told, found))


def _faults(told: Mapping[str, str], found: Mapping[str, str | None]) -> Iterator[str]:
    for name in (*SNAPSHOTS.values(), MANIFEST):
        if found.get(name) is None:
            yield f"{name} is missing"
        elif name not in told:
            yield f"{SUMS} does not name {name}"
        elif told[name] != found[name]:
            yield f"{name} is not what was written"


def cautions(manifest: Manifest, running: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Warn where the snapshot was made by a newer version than the one of `running` (by product)."""
    taken = {"Consul": manifest.consul, "Nomad": manifest.nomad}
    return tuple(
        messages.made_by_newer(product, taken[product], version)
        for product, version in running.items()
        if release(version) < release(taken[product])
    )


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version for comparing; what follows a hyphen or a plus does not count."""
    core = re.split(r"[-+]", version.removeprefix("v"), maxsplit=1)[0]
    return tuple(int(part) for part in core.split(".") if part.isdigit())
