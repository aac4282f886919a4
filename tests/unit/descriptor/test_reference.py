from __future__ import annotations

from pathlib import Path

import pytest

from hashistack.descriptor.export.lookup import lookup
from hashistack.descriptor.export.reference import reference, sections
from hashistack.descriptor.load import load
from hashistack.descriptor.schema import ROOT

PAGE = Path(__file__).parents[3] / "docs" / "reference.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == reference(), "docs/reference.md is stale: run `make docs` and commit it"


def test_the_page_has_every_key() -> None:
    page = reference()
    for path, keys in sections(ROOT):
        assert f"## `{path}`" in page or not path
        for name in keys:
            assert f"\n| `{name}` |" in page


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("app", "app"),
        ("processes.*.port", "processes.*.port"),
        ("processes.web.scale.min", "processes.*.scale.min"),
        ("scale.min", "processes.*.scale.min"),
        ("partitions", "backing_services.*.topics.*.partitions"),
        ("environments.production.region", "environments.*.region"),
        ("environments.factory.processes.web.health", "processes.*.health"),
        ("processes.web", "processes"),
        ("processes.*", "processes"),
        ("environments.factory", "environments"),
        ("environments.factory.processes.web", "processes"),
        ("env.LOG_LEVEL", "env"),
    ],
)
def test_lookup(query: str, path: str) -> None:
    assert lookup(query).text.splitlines()[0] == path


def test_lookup_says_all() -> None:
    text = lookup("processes.web.memory").text
    for fact in (
        "The memory; a process that uses more is restarted.",
        "MiB",
        "default  256MiB",
        "memory: 512MiB",
    ):
        assert fact in text
    assert "only aws" in lookup("region").text
    assert "grace" in lookup("health").text, "a mapping shows its keys"


def test_lookup_of_nothing_lists_the_top_level() -> None:
    assert [line.split()[0] for line in lookup("").text.splitlines()] == list(ROOT.keys)


def test_lookup_of_several_shows_them_all() -> None:
    text = lookup("version").text + lookup("min").text
    for path in ("backing_services.*.version", "processes.*.scale.min", "environments.*.clients.min"):
        assert f"{path}\n" in text


def test_lookup_guesses() -> None:
    assert lookup("procesess.web.helth").text == ""
    assert "processes.*.health" in lookup("procesess.web.helth").near
    assert lookup("qqqqqq").near == ()


def test_examples_of_top_level_keys_work_together() -> None:
    text = "\n".join(f"{name}: {key.example}" for name, key in ROOT.keys.items())
    text = text.replace("[SESSION_KEY]", "[SESSION_KEY, REGISTRY_PASSWORD]")
    assert load(text, "f").diagnostics == ()
