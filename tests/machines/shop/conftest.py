"""One cluster for the whole story: its tests stand in the order in which a team would live through them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.bed import factory
from tests.conftest import needed
from tests.machines import site as sites
from tests.machines.site import Site
from tests.machines.times import step
from tests.tools import build


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the shop on three machines that were bare before: the first ``up`` is timed."""
    with ExitStack() as stack:
        with needed():
            bed = stack.enter_context(factory.running())
            binaries = build.folder_for_path()
        site = sites.lay_out(bed, tmp_path_factory.mktemp("shop"), binaries)
        with step("up, from bare machines to the shop answering", goal=120):
            site.up()
        yield site
