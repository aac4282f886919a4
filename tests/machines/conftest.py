"""Machines to be made into a cluster, or a reason why they cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.bed import factory
from tests.conftest import needed


@pytest.fixture(scope="module")
def bed() -> Iterator[factory.Factory]:
    """Return three booted machines, h1 to h3, with nothing of ours on them, and their mirror."""
    with ExitStack() as stack:
        with needed():
            running = stack.enter_context(factory.running())
        yield running
