"""The shells that the scripts of the jobs run in."""

from __future__ import annotations

import pytest

from tests.conftest import program


@pytest.fixture(params=["dash", "busybox ash"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    """Return how the shell of Debian is called, or that of Alpine, on which the official images are."""
    words: list[str] = request.param.split()
    program(words[0], "busybox-static" if words[0] == "busybox" else "")
    return words
