"""Each file here has mistakes, and says at its end what hashistack answers: place, code, wording, hint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hashistack.descriptor.load import load
from hashistack.diagnostics import Diagnostic

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))
# Too much for a file in the project; test_yaml.py and test_load.py in tests/unit/descriptor make them.
MADE_ELSEWHERE = {"HS120", "HS240", "HS291"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_errors(file: Path) -> None:
    data = file.read_bytes()
    loaded = load(data, file.name)
    answer = [line for diagnostic in loaded.diagnostics for line in lines(diagnostic)]
    assert answer == expected(data)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_wording(file: Path) -> None:
    for diagnostic in load(file.read_bytes(), file.name).diagnostics:
        assert diagnostic.hint, "every message says what to write instead"
        for text in (diagnostic.summary, diagnostic.hint):
            assert not text.endswith(".") or text.endswith("..."), "no full stop"
            assert not re.match("[A-Z][a-z]", text) or text.split(":")[0].isidentifier(), "lower case start"
        assert diagnostic.source.isprintable() or "\t" in diagnostic.source or "\x07" in diagnostic.source


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_error_leaves_no_application(file: Path) -> None:
    loaded = load(file.read_bytes(), file.name)
    failed = any(diagnostic.severity == "error" for diagnostic in loaded.diagnostics)
    assert (loaded.application is None) == failed


def test_every_code_has_a_case() -> None:
    messages = HERE.parent.parent / "hashistack" / "messages"
    sources = "".join(file.read_text() for file in messages.glob("descriptor*.py"))
    shown = "".join(file.read_bytes().decode("utf-8", "replace") for file in FILES)
    known = set(re.findall(r"HS\d{3}", sources)) - MADE_ELSEWHERE
    assert known == set(re.findall(r"HS\d{3}", shown))


def lines(diagnostic: Diagnostic) -> tuple[str, str]:
    """Return a message as the files have it."""
    assert diagnostic.span is not None
    place = f"{diagnostic.span.line}:{diagnostic.span.col}"
    path = f"{diagnostic.path}: " if diagnostic.path else ""
    return (
        f"# expect: {place}: {diagnostic.severity}[{diagnostic.code}]: {path}{diagnostic.summary}",
        f"#   hint: {diagnostic.hint}",
    )


def expected(data: bytes) -> list[str]:
    """Return what a file says about itself."""
    return re.findall(r"^#(?: expect|   hint): .*$", data.decode("utf-8", "replace"), re.MULTILINE)
