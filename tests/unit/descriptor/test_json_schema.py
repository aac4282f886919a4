"""Our checker and `jsonschema` on the exported schema must agree on the shape of any document.

Shape is what the codes HS101 to HS111 are about. The schema cannot say the rest: whether the text is YAML at all
(HS12x, HS13x), what texts with a grammar of their own and whole documents mean (HS2xx).
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashistack.descriptor.export.json_schema import json_schema
from hashistack.descriptor.export.plain import parsed
from hashistack.descriptor.schema import ROOT
from hashistack.descriptor.shape import check
from hashistack.descriptor.yaml import parse

SHAPE = re.compile(r"HS1(0\d|1[01])")
DESIGN = parsed((Path(__file__).parent / "design.yaml").read_text())
ERRORS = Path(__file__).parent.parent.parent / "errors"


def whole_pattern(validator: Any, pattern: str, instance: object, schema: object) -> Any:
    """Read `$` as JSON Schema does, where it is not satisfied by a line end before the end."""
    if validator.is_type(instance, "string") and not re.fullmatch(pattern, str(instance)):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


VALIDATOR = jsonschema.validators.extend(jsonschema.Draft7Validator, {"pattern": whole_pattern})(
    json_schema()
)


def we_accept(document: object) -> bool:
    tree, findings = parse(json.dumps(document, ensure_ascii=False))
    assert tree is not None
    assert not findings
    return not any(SHAPE.fullmatch(diagnostic.code) for _, diagnostic in check(tree, ROOT)[1])


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 200_000),
    st.sampled_from([2.0, 1.5, 0.0, -1.0, 1e3, 12345678901234, 86400, 86401, 1073741824, 1073741825]),
    st.sampled_from(
        [
            "", "x", "X", "web", "web\n", "a-b", "a_b", "-a", "a-", "1a", "postgres", "redis", "aws", "local", "server",
            "512", "0", "012", "512MiB", "4MiB", "9", "10", "1GiB", "0GiB", "10s", "0s", "5m", "1h", "1d", "1.5h",
            "24h", "25h", "1440m", "1441m", "86400s", "86401", "1024TiB", "1025TiB", "1048577GiB", "1073741825", " ",
            "true", "no", "100", "101", "ops@example.com", "10.20.0.0/16", "debian-12", "Name", "db.t4g.small",
            "123456789012", "example/shop", "/health", "shop.example.com", "eu-west-1", "eu-west-1a", "t4g.small",
            "10.0.0.1", "::1",
            "a" * 40, "a" * 41, "a" * 64, "a" * 130, "${db.url}", "é", "\U0001f600",
        ]
    ),
    st.sampled_from([[], {}, ["x"], ["x", "x"], ["x", "y"], ["db"], ["a@b.cd"], ["a@b.cd", 1], [1], [[]]]),
    st.sampled_from([{"x": 1}, {"min": 1}, {"path": "/x"}, {"": {}}, {"db": {}}]),
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "app",
        "image",
        "port",
        "health",
        "scale",
        "min",
        "max",
        "lag",
        "type",
        "hosts",
        "x",
        "X",
        "",
        "a.b",
        "ssh",
        "spot",
        "managed",
        "email",
    ]
)


def places(document: Any) -> list[tuple[Any, Any]]:
    """Return every container of a document with each of its keys or indexes."""
    found = []
    if isinstance(document, dict | list):
        for key in list(document) if isinstance(document, dict) else range(len(document)):
            found += [(document, key), *places(document[key])]
    return found


@st.composite
def documents(draw: st.DrawFn) -> Any:
    document = {"root": deepcopy(DESIGN)}
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(document)))
        action = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if action == "add" and isinstance(container[key], dict):
            container[key][draw(KEYS)] = draw(VALUES)
        elif action == "remove" and key != "root":
            del container[key]
        else:
            container[key] = deepcopy(draw(VALUES))
    return document["root"]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())


def test_both_accept_the_whole_language() -> None:
    assert we_accept(DESIGN)
    assert VALIDATOR.is_valid(DESIGN)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(documents())
def test_both_say_the_same(document: Any) -> None:
    assert we_accept(document) == VALIDATOR.is_valid(document)


@pytest.mark.parametrize("name", sorted(file.stem for file in ERRORS.glob("shape-*.yaml")))
def test_both_refuse_wrong_shapes(name: str) -> None:
    document = parsed((ERRORS / f"{name}.yaml").read_text())
    assert not VALIDATOR.is_valid(document)


def test_every_key_is_explained() -> None:
    def keys(schema: Any) -> list[Any]:
        inner = [schema.get("additionalProperties"), schema.get("items"), *schema.get("anyOf", [])]
        own = list(schema.get("properties", {}).values())
        return own + [key for part in [*inner, *own] if isinstance(part, dict) for key in keys(part)]

    for key in keys(json_schema()):
        assert key["title"]
        assert key["description"].endswith(".")
        assert key["markdownDescription"]
        assert jsonschema.Draft7Validator(key).is_valid(key["examples"][0]), key["title"]
        if "default" in key:
            assert jsonschema.Draft7Validator(key).is_valid(key["default"]), key["title"]


def test_mappings_take_no_other_keys() -> None:
    assert json.dumps(json_schema()).count('"properties"') == json.dumps(json_schema()).count(
        '"additionalProperties": false'
    )


@pytest.mark.parametrize(
    ("key", "value", "fine"),
    [
        ("interval", "24h", True), ("interval", "1440m", True), ("interval", 86400, True), ("interval", "9s", True),
        ("interval", "25h", False), ("interval", "1441m", False), ("interval", 86401, False),
        ("interval", "86401s", False), ("interval", "999999999h", False),
        ("memory", "1024TiB", True), ("memory", "1048576GiB", True), ("memory", 1073741824, True),
        ("memory", "10", True), ("memory", "99MiB", True),
        ("memory", "1025TiB", False), ("memory", "1048577GiB", False), ("memory", "1073741825", False),
        ("memory", 1073741825, False), ("memory", "9MiB", False),
        ("command", " \n", False), ("command", "\n x\n", True),
    ],
)  # fmt: skip
def test_both_have_the_same_bounds(key: str, value: object, fine: bool) -> None:
    process: dict[str, Any] = {"command": "serve", "port": 80}
    process |= {"health": {"path": "/", key: value}} if key == "interval" else {key: value}
    document = {"app": "shop", "image": "shop", "processes": {"web": process}}
    assert we_accept(document) == VALIDATOR.is_valid(document) == fine
