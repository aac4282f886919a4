from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.backends.stub import Stub, serving
from tests.bed import moto
from tests.bed.moto import Moto
from tests.conftest import needed


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as served:
        yield served


@pytest.fixture
def nobody() -> str:
    """Return an address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """Return a simulated AWS of the module's own."""
    with needed():
        moto.ensure()
    with moto.running(tmp_path_factory.mktemp("moto")) as account:
        yield account
