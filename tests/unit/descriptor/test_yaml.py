from __future__ import annotations

import time

import pytest

from hashistack.descriptor.export.plain import plain
from hashistack.descriptor.load import load
from hashistack.descriptor.scalars import resolve
from hashistack.descriptor.yaml import parse

SMALL = "app: shop\nimage: shop\nprocesses:\n  web: {command: serve}\n"


def codes(text: str | bytes) -> list[str]:
    return [diagnostic.code for diagnostic in load(text, "f").diagnostics]


def value_of(written: str) -> str:
    loaded = load(f"{SMALL}env:\n  A: {written}\n", "f")
    assert loaded.application is not None
    return "".join(str(part) for part in loaded.application.stacks[0].env[0].value)


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "off",
        "yes",
        "no",
        "22:22",
        "012",
        "1_000",
        "2026-11-21",
        "0x1F",
        "1e3",
        "1.10",
        "true",
        ".inf",
        "=",
        "+1",
    ],
)
def test_variables_keep_what_was_written(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("yes", "yes"), ("22:22", "22:22"), ("1_000", "1_000"), ("012", 12), ("0o14", 12),
        ("0xC", 12), ("-3", -3), ("1.5", 1.5), ("1e3", 1000.0), ("true", True), ("False", False), ("~", None),
        ("", None), ("nUll", "nUll"), (".inf", ".inf"), ("-", "-"), ("1.2.3", "1.2.3"), ("0b1", "0b1"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_core_schema(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_numbers_of_yaml_1_2() -> None:
    loaded = load(SMALL.replace("serve}", "serve, port: 0o20000, cpu: 0500, memory: 1e3, scale: 2.0}"), "f")
    assert loaded.application is not None
    (web,) = loaded.application.stacks[0].processes
    assert (web.port, web.cpu, web.memory, web.scale.min) == (8192, 500, 1000, 2)


def test_quoted_values_are_text() -> None:
    assert codes(SMALL.replace("serve}", 'serve, port: "8000"}')) == ["HS104"]
    assert codes(SMALL.replace("serve}", "serve, port: !!str 8000}")) == ["HS104"]
    assert codes(SMALL.replace("app: shop", 'app: "true"')) == []


def test_ten_megabytes_are_refused_quickly() -> None:
    text = (b"a" * 99 + b"\n") * 100_000
    start = time.process_time()  # other processes may be given the processor
    assert codes(text) == ["HS120"]
    assert time.process_time() - start < 0.5


BOMB = "".join(f"k{i}: &k{i} [{', '.join([f'*k{i - 1}' if i else 'x'] * 10)}]\n" for i in range(12))


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "[" * 400_000,
        "{a: " * 200_000,
        "- " * 300_000,
        "a: " + "[x], " * 10,
        "&a " * 1000,
        "? " * 100_000,
        "\n" * 900_000,
        "x: |\n" + " y\n" * 200_000,
        "k: " + "é" * 400_000,
        SMALL + "".join(f"unknown{i}: 1\n" for i in range(9_000)),
        SMALL + "env:\n" + "".join(f"  A{i}: ${{cache{i}.url}}\n" for i in range(9_000)),
        f"app: shop\nimage: {'a-' * 400_000}!\n",
        f"app: shop\nimage: {'a.' * 400_000}!\n",
        SMALL.replace("serve}", f"serve, port: 1, routes: [{'a-' * 400_000}.x/{'/a' * 1000}]}}"),
        SMALL.replace("serve}", f"serve, port: {'9' * 100_000}, cpu: 0x{'f' * 100_000}}}"),
        SMALL.replace("serve}", f"serve, schedule: '*/{'9' * 5000} {'9' * 5000} * * *'}}"),
        SMALL + f"env: {{A: '{'$${' * 1000}{'${' * 100_000}'}}\n",
    ],
    ids=range(18),
)
def test_hostile_text_is_answered_quickly(text: str) -> None:
    start = time.process_time()  # other processes may be given the processor
    assert codes(text)
    assert time.process_time() - start < 2


def test_a_shared_alias_is_counted_but_small_ones_are_fine() -> None:
    text = SMALL.replace("serve}", "serve, env: x}")
    assert codes(text) == ["HS101"]
    services = "".join(f"  s{i}: *service\n" for i in range(499))
    text = f"{SMALL}backing_services:\n  first: &service {{type: redis, nodes: 3}}\n{services}"
    assert codes(text) == []
    assert codes(f"{text}  more: *service\n") == ["HS291"]


def test_bom_and_line_ends_of_windows() -> None:
    assert codes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode()) == []
    (mistake,) = load(SMALL.replace("serve}", "serve, port: x}").replace("\n", "\r\n"), "f").diagnostics
    assert mistake.span is not None
    assert (mistake.span.line, mistake.source) == (4, "  web: {command: serve, port: x}")


def test_utf16_is_explained() -> None:
    (mistake,) = load(SMALL.encode("utf-16"), "f").diagnostics
    assert (mistake.code, mistake.hint) == ("HS121", "save the file with the encoding UTF-8")


def test_position_of_a_wrong_byte_counts_characters() -> None:
    (mistake,) = load("app: é\nimage: éé".encode() + b"\xff", "f").diagnostics
    assert mistake.span is not None
    assert (mistake.span.line, mistake.span.col) == (2, 10)


def test_any_bytes_get_an_answer() -> None:
    for byte in range(256):
        for around in (b"", b"app: ", b'app: "', b"\n- "):
            assert load(around + bytes([byte]), "f").application is None


def test_a_merge_key_may_name_several_mappings() -> None:
    tree, findings = parse("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], w: 3}\n")
    assert [diagnostic.code for _, diagnostic in findings] == ["HS128"]
    assert tree is not None
    merged = plain(tree)
    assert isinstance(merged, dict)
    assert merged["c"] == {"x": 1, "y": 1, "z": 2, "w": 3}, "the first of them wins"


def test_levels_below_an_alias_count() -> None:
    nested = "".join(f"k{i}: &k{i} {'[' * 45}{f'*k{i - 1}' if i else 'x'}{']' * 45}\n" for i in range(28))
    assert codes(nested) == ["HS133"]
    assert "HS133" not in codes(f"a: &a {'[' * 24}x{']' * 24}\nb: {'[' * 24}*a{']' * 24}\n")
    assert codes(f"a: &a {'[' * 25}x{']' * 25}\nb: {'[' * 25}*a{']' * 25}\n") == ["HS133"]
