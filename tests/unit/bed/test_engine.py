from pathlib import Path

import pytest

from tests.bed import engine
from tests.bed.missing import BedUnavailable


def test_docker_host_is_honoured_and_never_replaced_by_an_engine_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(BedUnavailable, match="a Docker engine at DOCKER_HOST is missing"), engine.running():
        pass
    assert list(tmp_path.iterdir()) == []


def test_children_talk_to_the_same_engine() -> None:
    environment = engine.Engine("unix:///bed/docker.sock", "20.10.24").environment()
    assert environment["DOCKER_HOST"] == "unix:///bed/docker.sock"
