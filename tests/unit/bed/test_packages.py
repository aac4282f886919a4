import pytest

from tests.bed import packages
from tests.bed.missing import BedUnavailable


def test_what_is_there_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "NEEDED", {"shell": (lambda: True, "everything starts with it")})
    assert packages.missing(["shell"]) == []
    packages.ensure(["shell"])


def test_all_that_is_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(packages, "NEEDED", {"a": (lambda: False, "why a"), "b": (lambda: False, "why b")})
    with pytest.raises(BedUnavailable) as caught:
        packages.ensure(["a", "b"])
    assert str(caught.value) == (
        "a is missing: why a. On Debian: apt-get install a\nb is missing: why b. On Debian: apt-get install b"
    )
