"""One cluster with every stand-in for all tests here; each leaves it whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bed import engine, factory, images
from tests.bed.factory import Factory
from tests.conftest import needed
from tests.machines.stand_ins import site as sites
from tests.machines.stand_ins.site import Services, StandIns
from tests.machines.times import step
from tests.tools import build

# A bed that was asked to stay (`python -m tests.bed.machines --bed NAME up`): the next run finds all of it there.
KEPT = "HASHISTACK_TEST_BED"


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """Return the example with all its backing services on three machines; the first ``up`` is timed."""
    kept = factory.find(os.environ.get(KEPT, ""))
    with ExitStack() as stack:
        bed, binaries = equipped(stack, sites.chosen(), kept)
        folder = bed.folder / "operator" if kept else tmp_path_factory.mktemp("stand-ins")
        folder.mkdir(exist_ok=True)
        site = sites.lay_out(bed, folder, binaries, sites.chosen())
        with step("up, from bare machines to every stand-in whole"):
            site.up()
        yield site


def equipped(stack: ExitStack, services: Services, kept: Factory | None = None) -> tuple[Factory, Path]:
    """Return machines whose mirror has the images of the services, and the folder of Nomad and Consul."""
    with needed():
        bed = kept or stack.enter_context(factory.running())
        docker = stack.enter_context(engine.running())
        tags = (images.EXPORTER, *(keys["image"] for keys in services.values()))
        images.ensure(docker, tags)
        bed.add_images(tags, docker)
        return bed, build.folder_for_path()
