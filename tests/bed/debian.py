"""A small Debian tree, a tar archive or a folder, made by mmdebstrap from the archive that this machine's apt uses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tests.bed import packages
from tests.bed.missing import BedError, BedUnavailable, Missing
from tests.bed.processes import run

SUITE = "trixie"  # bookworm has no Valkey
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR_VARIABLE = "HASHISTACK_DEBIAN_MIRROR"  # for machines that are not Debian themselves
# Documentation is left out for size; the address of the mirror is this machine's business, not the image's.
FLAGS = (
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale", "info")),
    # Java's packages put links there that they do not check.
    "--essential-hook=mkdir -p $1/usr/share/man/man1",
    "--customize-hook=rm -rf $1/etc/apt/sources.list $1/etc/apt/sources.list.d/*",
    "--customize-hook=rm -rf $1/var/log/* $1/var/cache/ldconfig/*",
)


def mirror() -> str:
    """Return the URI of the Debian archive that apt of this machine is set up with."""
    if named := os.environ.get(MIRROR_VARIABLE):
        return named
    for line in _apt_archives():
        # Debian's security archive has another label, other vendors another origin.
        if line.startswith("Debian|Debian|"):
            return line.removeprefix("Debian|Debian|")
    why = "apt of this machine knows no Debian archive"
    how = f"Run apt-get update on Debian, or set {MIRROR_VARIABLE} to an archive that has {SUITE}"
    raise BedUnavailable([Missing("a Debian archive", why, how)])


def make_tree(target: Path, include: Sequence[str], suite: str = SUITE, flags: Sequence[str] = ()) -> None:
    """Write a tree with the given packages to ``target`` (x.tar or a folder): about 25 s and 90 MB at least."""
    packages.ensure(["mmdebstrap"])
    if not KEYRING.exists():
        why, how = f"packages of {suite} are checked with it", "apt-get install debian-archive-keyring"
        raise BedUnavailable([Missing(str(KEYRING), why, f"On Debian: {how}")])
    included = [f"--include={','.join(include)}"] if include else []
    command = ["mmdebstrap", "--variant=minbase", f"--keyring={KEYRING}", *included, *flags, *FLAGS]
    run([*command, suite, str(target), mirror()])


def _apt_archives() -> list[str]:
    try:
        return run(
            ["apt-get", "indextargets", "--format=$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"]
        ).splitlines()
    except BedError:
        return []
