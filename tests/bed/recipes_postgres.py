"""PostgreSQL with Patroni, from Debian, and FerretDB, which speaks MongoDB's protocol in front of it."""

from __future__ import annotations

from tests.bed.recipe import Recipe

_FERRETDB = """FROM scratch
COPY root /
ENTRYPOINT ["/bin/ferretdb"]
"""

RECIPES = (
    Recipe(
        "hashistack-test/postgres:17",
        debian=("postgresql-17", "patroni", "python3-consul", "curl", "ca-certificates"),
        changes=('CMD ["sh"]',),
    ),
    Recipe("hashistack-test/ferretdb:1.24.2", dockerfile=_FERRETDB, tool="ferretdb"),
)
