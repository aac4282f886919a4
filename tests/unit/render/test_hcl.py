"""Literals against the rules of HCL; the same against Nomad's own parser is in tests/local/test_parser.py."""

import pytest

from hashistack.render.hcl import Hcl, comment, heredoc, identifier, interpolated, literal, seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (-3, "-3"),
        ("plain", '"plain"'),
        ("", '""'),
        ('say "hi"', r'"say \"hi\""'),
        ("back\\slash", r'"back\\slash"'),
        ("a\nb\tc\rd", r'"a\nb\tc\rd"'),
        ("${x} %{y}", '"$${x} %%{y}"'),
        ("$ { % {", '"$ { % {"'),
        ("$${x}", '"$$${x}"'),
        ("\x07\x1b", r'"\u0007\u001b"'),
        ("😀é", '"😀é"'),
        ("\U000e0001", r'"\U000e0001"'),
        ([1, "a"], '[1, "a"]'),
        ({"a.b": 1}, '{ "a.b" = 1 }'),
        ({}, "{}"),
        (Hcl("var.version"), "var.version"),
    ],
)
def test_literal(value: object, expected: str) -> None:
    assert literal(value) == expected


def test_unknown_types_are_a_bug() -> None:
    with pytest.raises(TypeError, match="no HCL literal for float"):
        literal(1.5)


def test_interpolated_escapes_only_text() -> None:
    assert interpolated('sh"op${x}:', Hcl("var.version")) == r'"sh\"op$${x}:${var.version}"'


def test_heredoc_chooses_a_tag_that_is_no_line_of_the_text() -> None:
    assert heredoc("one\nEOT\n${two}") == "<<EOT_\none\nEOT\n$${two}\nEOT_"


@pytest.mark.parametrize("name", ["", "1a", "a.b", "a b", 'a"'])
def test_identifier_refuses_what_hcl_would(name: str) -> None:
    with pytest.raises(ValueError, match="no HCL identifier"):
        identifier(name)


def test_a_comment_stays_on_its_line() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        comment("a\nb")


@pytest.mark.parametrize(
    ("count", "expected"), [(0, '"0s"'), (10, '"10s"'), (60, '"1m"'), (90, '"90s"'), (300, '"5m"')]
)
def test_seconds(count: int, expected: str) -> None:
    assert seconds(count) == expected
